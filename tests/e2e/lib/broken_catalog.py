#!/usr/bin/env python3
"""A registry for loopback whose catalog has a first page of two names, and no second one.

broken_catalog.py PORT      The second page is answered with 500.
"""
import http.server
import json
import sys
import urllib.parse


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        later = "last" in urllib.parse.parse_qs(url.query)
        body = json.dumps({"repositories": ["multi", "team/one"]} if url.path == "/v2/_catalog" else {}).encode()
        self.send_response(500 if later else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
