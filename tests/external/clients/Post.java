import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * Makes a request for each line `framing url key body` of standard input, with the JDK's client, which by default offers
 * an upgrade to HTTP/2. Prints `status version retry-after`, the body's lines behind a space each as they arrive, and at
 * last an empty line or, behind an exclamation mark, an exception.
 */
public class Post {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split(" ", 4);
            try {
                print(client.send(request(parts[0], parts[1], parts[2], parts[3]), BodyHandlers.ofLines()));
                OUT.println();
            } catch (IOException | UncheckedIOException error) {
                OUT.println("!" + error.getClass().getName() + " " + error.getMessage());
            }
        }
    }

    private static HttpRequest request(String framing, String url, String key, String body) {
        BodyPublisher whole = BodyPublishers.ofString(body);
        return HttpRequest.newBuilder(URI.create(url))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .expectContinue(framing.equals("expect"))
            .POST(framing.equals("chunks") ? BodyPublishers.fromPublisher(whole) : whole)
            .build();
    }

    private static void print(HttpResponse<Stream<String>> response) {
        String wait = response.headers().firstValue("Retry-After").orElse("");
        OUT.println(response.statusCode() + " " + response.version() + " " + wait);
        response.body().forEach(line -> OUT.println(" " + line));
    }
}
