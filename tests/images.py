"""Makes OCI archives out of Debian's static busybox, since no image registry can be reached."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile

APPLETS = """sh cat echo sleep wget httpd ls id env pwd kill true false head tail dd mkdir rm touch test ps
sed grep awk nc nslookup ip hostname mount seq date yes chmod stat readlink sync wc tr printf df""".split()


def busybox():
    found = shutil.which("busybox")
    if not found:
        raise FileNotFoundError("busybox (Debian package busybox-static)")
    return os.path.realpath(found)


def entry(name, kind=tarfile.REGTYPE, data=b"", mode=0o755, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname = kind, mode, link
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, io.BytesIO(data) if kind == tarfile.REGTYPE else None


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in entries:
            tar.addfile(info, data)
    return out.getvalue()


def busybox_layer():
    entries = [entry(d, tarfile.DIRTYPE) for d in ("bin", "etc", "tmp", "www", "var", "proc", "sys", "dev")]
    entries[2][0].mode = 0o1777
    with open(busybox(), "rb") as f:
        entries.append(entry("bin/busybox", data=f.read()))
    entries += [entry("bin/" + a, tarfile.SYMTYPE, link="busybox") for a in APPLETS]
    entries.append(entry("etc/passwd", data=b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n", mode=0o644))
    entries.append(entry("etc/group", data=b"root:x:0:\napp:x:1000:\n", mode=0o644))
    entries.append(entry("www/index.html", data=b"hello from a task\n", mode=0o644))
    return layer(entries)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def archive(path, layers=None, config=None, compress=True):
    """Writes an OCI image layout as a tar: what skopeo calls oci-archive."""
    layers = layers if layers is not None else [busybox_layer()]
    blobs, parts = {}, []
    for raw in layers:
        data = gzip.compress(raw, 1, mtime=0) if compress else raw
        blobs[digest(data)] = data
        media = "application/vnd.oci.image.layer.v1.tar" + ("+gzip" if compress else "")
        parts.append({"mediaType": media, "digest": digest(data), "size": len(data)})
    body = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"], **(config or {})},
        "rootfs": {"type": "layers", "diff_ids": [digest(l) for l in layers]},
    }).encode()
    blobs[digest(body)] = body
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(body), "size": len(body)},
        "layers": parts,
    }).encode()
    blobs[digest(manifest)] = manifest
    index = json.dumps({"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(manifest), "size": len(manifest),
    }]}).encode()
    with tarfile.open(path, "w") as tar:
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
        files |= {"blobs/" + d.replace(":", "/"): data for d, data in blobs.items()}
        for name, data in files.items():
            tar.addfile(*entry(name, data=data, mode=0o644))
    return digest(manifest)
