#!/usr/bin/env python3
"""Has sslscan look at a controller's TLS port, and fails when it finds anything weak there.

    tools/check_tls.py build/release
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

OLD = {("ssl", "2"), ("ssl", "3"), ("tls", "1.0"), ("tls", "1.1")}
WEAK_WORDS = ("NULL", "EXP", "ANON", "ADH", "AECDH", "RC4", "DES", "MD5", "IDEA", "SEED", "CBC3")


def weaknesses(scan: ElementTree.Element) -> list[str]:
    """What a scan in XML says against a server."""
    found = []
    test = scan.find("ssltest")
    if test is None:
        return ["sslscan has not scanned anything"]
    enabled = {(p.get("type"), p.get("version")) for p in test.iter("protocol") if p.get("enabled") == "1"}
    found += [f"{kind.upper()} {version} is spoken" for kind, version in sorted(enabled & OLD)]
    if not enabled - OLD:
        found.append("no modern protocol is spoken: was this a TLS port?")
    ciphers = list(test.iter("cipher"))
    if not ciphers:
        found.append("no cipher was accepted: was this a TLS port?")
    for cipher in ciphers:
        name, bits = cipher.get("cipher", ""), int(cipher.get("bits", "0"))
        if bits < 128 or cipher.get("strength") in {"null", "anonymous", "weak"} or any(w in name.upper() for w in WEAK_WORDS):
            found.append(f"weak cipher {name} ({bits} bits, {cipher.get('sslversion')})")
    for group in test.iter("group"):
        if int(group.get("bits", "0")) < 112:
            found.append(f"weak key exchange group {group.get('name')}")
    if any(c.get("supported") == "1" for c in test.iter("compression")):
        found.append("TLS compression is on")
    if any(r.get("supported") == "1" and r.get("secure") != "1" for r in test.iter("renegotiation")):
        found.append("insecure renegotiation")
    found += [f"Heartbleed over {h.get('sslversion')}" for h in test.iter("heartbleed") if h.get("vulnerable") == "1"]
    return found


def make_certificate(folder: pathlib.Path) -> list[str]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-sha256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out", certificate, "-keyout", key],
                   check=True, capture_output=True)
    return ["--ssl-certificate", str(certificate), "--ssl-key", str(key)]


def main() -> int:
    daffi = pathlib.Path(sys.argv[1]) / "bin" / "daffi"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        words = [daffi, "controller", "--host", "127.0.0.1", "--port", "0", *make_certificate(folder)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as controller:
            try:
                port = next(m.group(1) for line in controller.stdout if (m := re.search(r"started.*:(\d+)$", line.strip())))
                output = folder / "scan.xml"
                subprocess.run(["sslscan", "--no-colour", f"--xml={output}", f"127.0.0.1:{port}"], check=True,
                               capture_output=True, timeout=300)
                found = weaknesses(ElementTree.parse(output).getroot())
            finally:
                controller.terminate()
                controller.communicate()
    for weakness in found:
        print(f"check_tls: {weakness}", file=sys.stderr)
    print(f"check_tls: {len(found)} found" if found else "check_tls: sslscan finds nothing against the TLS port")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
