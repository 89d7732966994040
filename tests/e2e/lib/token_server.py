#!/usr/bin/env python3
"""A token service that is not Shale's, for loopback: docker's GET protocol, signed by the openssl command.

token_server.py jwks KEY KID                     prints the set of that one RSA key
token_server.py serve PORT SERVICE ISSUER DIR    serves /token until it is killed

DIR holds `rsa.key` with `kid` (RS256 by key id), `leaf.key` with `chain` (ES256 with a chain of certificates), and
`how`, which says rsa or chain and is read for each token. Who has the password NAME-secret may push to and pull from
NAME/**; everybody pulls from public/**, which olga pushes to.
"""
import base64
import http.server
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse
import uuid


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, check=True, capture_output=True).stdout


def jwks(key, kid):
    modulus = openssl("rsa", "-in", key, "-noout", "-modulus").decode().strip().split("=")[1]
    return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "e": "AQAB",
                                 "n": b64url(bytes.fromhex(modulus))}]})


def raw_signature(der):
    """r and s of a DER signature on P-256, 32 bytes each."""
    numbers, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        numbers += int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(32, "big")
        at += 2 + length
    return numbers


class Service:
    def __init__(self, service, issuer, place):
        self.service, self.issuer, self.place = service, issuer, pathlib.Path(place)

    def sign(self, claims):
        if (self.place / "how").read_text().strip() == "rsa":
            header, key = {"alg": "RS256", "typ": "JWT", "kid": (self.place / "kid").read_text().strip()}, "rsa.key"
        else:
            pem = (self.place / "chain").read_text()
            chain = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", pem, re.DOTALL)
            header, key = {"alg": "ES256", "typ": "JWT", "x5c": ["".join(one.split()) for one in chain]}, "leaf.key"
        message = b64url(json.dumps(header).encode()) + "." + b64url(json.dumps(claims).encode())
        signature = openssl("dgst", "-sha256", "-sign", str(self.place / key), stdin=message.encode())
        return message + "." + b64url(signature if key == "rsa.key" else raw_signature(signature))

    def allowed(self, user, scope):
        kind, _, rest = scope.partition(":")
        name, _, asked = rest.rpartition(":")
        if kind != "repository":
            return None
        mine = {"pull", "push"} if user and name.startswith(user + "/") else set()
        if name.startswith("public/"):
            mine |= {"pull"} | ({"push"} if user == "olga" else set())
        actions = sorted(mine & set(asked.split(",")))
        return {"type": kind, "name": name, "actions": actions} if actions else None

    def token(self, user, scopes):
        now = int(time.time())
        access = [grant for grant in (self.allowed(user, scope) for scope in scopes) if grant]
        return self.sign({"iss": self.issuer, "aud": self.service, "sub": user, "iat": now, "nbf": now - 5,
                          "exp": now + 300, "jti": str(uuid.uuid4()), "access": access})


def handler(service):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            query = urllib.parse.parse_qs(url.query)
            user = ""
            credentials = self.headers.get("Authorization", "")
            if credentials.startswith("Basic "):
                user, _, password = base64.b64decode(credentials[6:]).decode().partition(":")
                if user and password != user + "-secret":
                    return self.answer(401, {"errors": []})
            if url.path != "/token" or query.get("service") != [service.service]:
                return self.answer(404, {"errors": []})
            scopes = " ".join(query.get("scope", [])).split()
            token = service.token(user, scopes)
            return self.answer(200, {"token": token, "access_token": token, "expires_in": 300})

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


if __name__ == "__main__":
    if sys.argv[1] == "jwks":
        print(jwks(sys.argv[2], sys.argv[3]))
    else:
        port, its = int(sys.argv[2]), Service(*sys.argv[3:6])
        http.server.ThreadingHTTPServer(("127.0.0.1", port), handler(its)).serve_forever()
