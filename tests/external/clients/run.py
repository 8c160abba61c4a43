"""Calls one function of a module with the JSON arguments on standard input, and prints its result as JSON."""

import importlib
import json
import sys

module, name = sys.argv[1:]
function = getattr(importlib.import_module(module), name)
print(json.dumps(function(**json.load(sys.stdin))))
