"""The console in Chromium, by Playwright."""
