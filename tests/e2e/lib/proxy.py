#!/usr/bin/env python3
"""A reverse proxy for loopback that does what misconfigured ones do.

proxy.py PORT UPSTREAM_PORT [FAULT...]

Without a fault it hands each request on with its Host, whole: it waits for the body first. Faults:
  host         asks with the upstream's own name, and says nothing of the one that was asked for
  limit=BYTES  answers 413 to a longer body
  date=SECONDS moves the Date of answers
  drop=FIELD   takes a field out of requests and answers
"""
import email.utils
import http.client
import http.server
import sys
import time

PORT, UPSTREAM = int(sys.argv[1]), int(sys.argv[2])
FAULTS = dict(fault.partition("=")[::2] for fault in sys.argv[3:])
DROPPED = {fault[5:].lower() for fault in sys.argv[3:] if fault.startswith("drop=")}
HOP = {"connection", "transfer-encoding", "keep-alive"}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def refuse(self, status):
        self.close_connection = True
        text = b"<html>no</html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def hand_on(self):
        body = self.body()
        if "limit" in FAULTS and len(body) > int(FAULTS["limit"]):
            return self.refuse(413)
        fields = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        fields["Content-Length"] = str(len(body))
        if "host" in FAULTS:
            fields["Host"] = f"127.0.0.1:{UPSTREAM}"
        upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=30)
        upstream.request(self.command, self.path, body, {n: v for n, v in fields.items() if not self.dropped(n)})
        answer = upstream.getresponse()
        bytes_of_it = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() in HOP or self.dropped(name):
                continue
            if name.lower() == "date":
                value = email.utils.formatdate(time.time() + int(FAULTS.get("date", 0)), usegmt=True)
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(bytes_of_it)
        return None

    @staticmethod
    def dropped(name):
        return name.lower() in DROPPED

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = hand_on

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Proxy).serve_forever()
