//! Package-urls, after the examples of the specification.

use gantry_inventory::{Evidence, Package, PackageKind};

#[test]
fn purls() {
    use PackageKind::*;
    for (kind, name, version, arch, os, expect) in [
        (Deb, "curl", "7.50.3-1", "i386", "debian-8", "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=debian-8"),
        (Deb, "dpkg", "1:2.0~rc1+b1", "", "debian-8", "pkg:deb/debian/dpkg@1:2.0~rc1%2Bb1?distro=debian-8"),
        (Apk, "curl", "7.83.0-r0", "x86", "alpine-3.16", "pkg:apk/alpine/curl@7.83.0-r0?arch=x86&distro=alpine-3.16"),
        (
            Rpm,
            "curl",
            "7.50.3-1.fc25",
            "i386",
            "fedora-25",
            "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25",
        ),
        (Rpm, "cpp", "1:3.0-1", "", "", "pkg:rpm/cpp@3.0-1?epoch=1"),
        (Npm, "@angular/animation", "12.3.1", "", "", "pkg:npm/%40angular/animation@12.3.1"),
        (PyPi, "django-allauth", "12.23", "", "", "pkg:pypi/django-allauth@12.23"),
        (Cargo, "rand", "0.7.2", "", "", "pkg:cargo/rand@0.7.2"),
        (Go, "github.com/Gorilla/context", "v1.1.1", "", "", "pkg:golang/github.com/gorilla/context@v1.1.1"),
        (Go, "stdlib", "v1.21.3", "", "", "pkg:golang/stdlib@v1.21.3"),
        (
            Maven,
            "org.apache.xmlgraphics:batik-anim",
            "1.9.1",
            "",
            "",
            "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1",
        ),
    ] {
        let mut package = Package::new(kind, name, version, Evidence::Database);
        package.arch = (!arch.is_empty()).then(|| arch.to_owned());
        if let Some((id, _)) = os.split_once('-') {
            package.namespace = Some(id.to_owned());
            package.distro = Some(os.to_owned());
        }
        assert_eq!(package.purl(), expect);
    }
}
