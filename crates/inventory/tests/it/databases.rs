//! What operating systems' package managers write down.

use std::collections::BTreeSet;
use std::process::Command;

use gantry_inventory::{Evidence, GapKind, Package, PackageKind};

use crate::layers::{data, file, told};

fn source(package: &Package) -> String {
    package.source.as_ref().map_or_else(String::new, |source| format!("{} {}", source.name, source.version))
}

#[test]
fn dpkg() {
    let status = "\
Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4
Description: GNU C Library
 Package: not-a-field
 .

Package: gone
Status: deinstall ok config-files
Version: 1

PACKAGE: zlib1g
status: hold ok installed
version: 1:1.2.13.dfsg-1+b1
source: zlib (1:1.2.13.dfsg-1)

Package: half
Status: install reinstreq half-configured
Version: 3

Package: never
Status: unknown ok not-installed

";
    let inventory = file("var/lib/dpkg/status", status);
    let lines: Vec<_> =
        inventory.packages.iter().map(|p| format!("{} {} <{}>", p.name, p.version, source(p))).collect();
    assert_eq!(
        lines,
        [
            "half 3 <half 3>",
            "libc6 2.36-9+deb12u4 <glibc 2.36-9+deb12u4>",
            "zlib1g 1:1.2.13.dfsg-1+b1 <zlib 1:1.2.13.dfsg-1>"
        ]
    );
    assert_eq!(inventory.packages[1].arch.as_deref(), Some("amd64"));
    assert_eq!(inventory.packages[1].evidence, Evidence::Database);
    assert_eq!(inventory.gaps, []);
    // Distroless: a file a package, no status, checksums beside.
    assert_eq!(told("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\n"), ["base-files 12.4"]);
    assert_eq!(told("var/lib/dpkg/status.d/base.md5sums", "abc  etc/passwd\n"), [""; 0]);
    assert_eq!(told("srv/var/lib/dpkg/status", status), [""; 0]);
    let damaged = file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n\nno colon\n");
    assert_eq!(damaged.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Damaged; 2]);
}

#[test]
fn dpkg_as_this_machine_has_it() {
    let query = Command::new("dpkg-query")
        .args([
            "-W",
            "-f",
            "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n",
        ])
        .output();
    let (Ok(query), Ok(status)) = (query, std::fs::read("/var/lib/dpkg/status")) else {
        eprintln!("SKIP dpkg_as_this_machine_has_it: no dpkg-query");
        return;
    };
    let text = String::from_utf8(query.stdout).unwrap();
    let expect: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(|(status, _)| !matches!(*status, "not-installed" | "config-files"))
        .map(|(_, rest)| rest.to_owned())
        .collect();
    let inventory = file("var/lib/dpkg/status", status);
    let found: BTreeSet<String> = inventory
        .packages
        .iter()
        .map(|p| {
            format!("{}\t{}\t{}\t{}", p.name, p.version, p.arch.as_deref().unwrap_or(""), source(p).replace(' ', "\t"))
        })
        .collect();
    assert_eq!(found, expect);
    assert!(found.len() > 20, "{} packages", found.len());
}

#[test]
fn apk() {
    let installed = "C:Q1abc=\nP:libssl3\nV:3.1.4-r5\nA:x86_64\nS:247\nI:6\nT:SSL\nL:Apache-2.0\no:openssl\nF:lib\nR:libssl.so.3\n\n\
                     P:alpine-keys\nV:2.4-r1\n\nV:1\n\nP:broken\n";
    for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
        let inventory = file(path, installed);
        let lines: Vec<_> =
            inventory.packages.iter().map(|p| format!("{} {} <{}>", p.name, p.version, source(p))).collect();
        assert_eq!(lines, ["alpine-keys 2.4-r1 <alpine-keys 2.4-r1>", "libssl3 3.1.4-r5 <openssl 3.1.4-r5>"]);
        assert_eq!(inventory.packages[1].license.as_deref(), Some("Apache-2.0"));
        assert_eq!(inventory.gaps.len(), 1);
    }
}

#[test]
fn apk_branch() {
    for (text, expect) in [
        ("https://dl-cdn.alpinelinux.org/alpine/v3.20/main\n", Some("v3.20")),
        ("# old\n@edge https://x/alpine/edge/testing\n", Some("edge")),
        ("/media/cdrom/apks\nhttps://x/alpine/v3.9/community/\n", Some("v3.9")),
        ("/media/cdrom/apks\n", None),
    ] {
        assert_eq!(file("etc/apk/repositories", text).apk_branch().as_deref(), expect, "{text}");
    }
    assert_eq!(file("etc/alpine-release", "3.18.4\n").apk_branch().as_deref(), Some("v3.18"));
    assert_eq!(file("etc/os-release", "ID=alpine\nVERSION_ID=3.22_alpha2025\n").apk_branch().as_deref(), Some("edge"));
    assert_eq!(file("etc/os-release", "ID=debian\nVERSION_ID=12\n").apk_branch(), None);
}

#[test]
fn systems() {
    for (path, text, expect) in [
        ("etc/os-release", "ID=\"amzn\"\nVERSION_ID='2'\n", "amzn 2"),
        ("etc/os-release", "NAME=Own\n", "linux -"),
        ("etc/redhat-release", "CentOS release 6.10 (Final)\n", "centos 6.10"),
        ("etc/redhat-release", "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n", "rhel 7.9"),
        ("etc/debian_version", "7.11\n", "debian 7"),
        ("etc/debian_version", "trixie/sid\n", "debian -"),
        ("etc/alpine-release", "3.4.6\n", "alpine 3.4.6"),
    ] {
        let os = file(path, text).os.unwrap();
        assert_eq!(format!("{} {}", os.id, os.version_id.as_deref().unwrap_or("-")), expect, "{path}");
    }
    let os =
        file("etc/os-release", "ID=rocky\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"A \\\"b\\\"\"\n").os.unwrap();
    assert_eq!((os.id_like.len(), os.pretty_name.as_deref()), (3, Some("A \"b\"")));
    assert_eq!(file("etc/os-release", "").os, None);
}

/// As `rpm -qa` told of the database that the fixtures come from.
const RPMS: [&str; 4] = [
    "epoched 2:10.0-1.module_el8+1+abc x86_64 <epoched 10.0-1.module_el8+1+abc> nodejs:18:8090020230101:abcdef",
    "epoched-libs 2:10.0-1.module_el8+1+abc x86_64 <epoched 10.0-1.module_el8+1+abc> nodejs:18:8090020230101:abcdef",
    "large 0-1 noarch <large 0-1> ",
    "plain 1.2.3-4.el9 noarch <plain 1.2.3-4.el9> ",
];

#[test]
fn rpm_in_every_form() {
    for (name, path) in [
        ("rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite"),
        ("rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"),
        ("Packages.db", "usr/lib/sysimage/rpm/Packages.db"),
        ("little.bdb", "var/lib/rpm/Packages"),
        ("big.bdb", "var/lib/rpm/Packages"),
    ] {
        let inventory = file(path, data(name));
        assert_eq!(inventory.gaps, [], "{name}");
        let own = |p: &&Package| p.name != "small";
        let line = |p: &Package| {
            let (arch, module) = (p.arch.as_deref().unwrap_or(""), p.module.as_deref().unwrap_or(""));
            format!("{} {} {arch} <{}> {module}", p.name, p.version, source(p))
        };
        let lines: Vec<_> = inventory.packages.iter().filter(own).map(line).collect();
        assert_eq!(lines, RPMS, "{name}");
        // A header small enough to lie in its hash page.
        assert_eq!(inventory.packages.len(), if name.ends_with("bdb") { 5 } else { 4 }, "{name}");
        let licensed = inventory.packages.iter().find(|p| p.name == "plain").unwrap();
        assert_eq!((licensed.kind, licensed.license.as_deref()), (PackageKind::Rpm, Some("MIT")));
    }
}

#[test]
fn rpm_over_many_pages() {
    let inventory = file("var/lib/rpm/rpmdb.sqlite", data("many.sqlite"));
    assert_eq!(inventory.gaps, []);
    let names: BTreeSet<_> = inventory.packages.iter().map(|p| (p.name.clone(), p.version.clone())).collect();
    assert_eq!(names, (0..300).map(|n| (format!("pkg{n:03}"), format!("1-{n}"))).collect());
}

/// Names and owners of the language packages beside a database.
fn owners(database: crate::layers::Layer) -> Vec<String> {
    let layer = database
        .symlink("lib", "usr/lib")
        .file("usr/lib/python3.9/site-packages/plain.dist-info/METADATA", "Name: plain\nVersion: 1\n")
        .file("usr/share/plain/plain.jar", crate::jars::library("org.a", "b", "1", crate::jars::How::Stored))
        .file("srv/own.dist-info/METADATA", "Name: own\nVersion: 1\n")
        .tar();
    let mut collector = gantry_inventory::Collector::new();
    collector.add_layer("l", crate::layers::TAR, layer.as_slice()).unwrap();
    let packages = collector.finish().packages;
    let packages = packages.iter().filter(|package| !package.kind.is_os());
    packages.map(|package| format!("{} {}", package.name, package.owner.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn files_that_the_system_brought_say_so() {
    use crate::layers::Layer;
    let expect = ["own -", "plain plain", "org.a:b plain"];
    let list = "/.\n/lib\n/lib/python3.9/site-packages/plain.dist-info/METADATA\n/usr/share/plain/plain.jar\n";
    for name in ["plain.list", "plain:amd64.list"] {
        assert_eq!(owners(Layer::new().file(&format!("var/lib/dpkg/info/{name}"), list)), expect);
    }
    let sums = "0123  usr/lib/python3.9/site-packages/plain.dist-info/METADATA\n4567  usr/share/plain/plain.jar\n";
    assert_eq!(owners(Layer::new().file("var/lib/dpkg/status.d/plain.md5sums", sums)), expect);
    let apk = "P:other\nV:1\nF:usr/share\nR:x\n\nP:plain\nV:1\nF:usr/lib/python3.9/site-packages/plain.dist-info\nR:METADATA\n\
               F:usr/share/plain\nR:plain.jar\n";
    assert_eq!(owners(Layer::new().file("usr/lib/apk/db/installed", apk)), expect);
    assert_eq!(owners(Layer::new().file("var/lib/rpm/rpmdb.sqlite", data("rpmdb.sqlite"))), expect);
    assert_eq!(owners(Layer::new().file("var/lib/rpm/Packages", data("big.bdb"))), expect);
    assert_eq!(owners(Layer::new()), ["own -", "plain -", "org.a:b -"]);
}

#[test]
fn rpm_leftovers_and_logs() {
    use crate::layers::{Layer, TAR};
    let layer = Layer::new()
        .file("var/lib/rpm/Packages", data("little.bdb"))
        .file("var/lib/rpm/rpmdb.sqlite", data("rpmdb.sqlite"))
        .file("var/lib/rpm/rpmdb.sqlite-wal", "not in the database");
    let mut collector = gantry_inventory::Collector::new();
    collector.add_layer("l", TAR, layer.tar().as_slice()).unwrap();
    let inventory = collector.finish();
    assert_eq!(inventory.packages.len(), 4);
    // As Fedora has it.
    let moved = Layer::new()
        .symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm")
        .file("usr/lib/sysimage/rpm/rpmdb.sqlite", data("rpmdb.sqlite"));
    let mut collector = gantry_inventory::Collector::new();
    collector.add_layer("l", TAR, moved.tar().as_slice()).unwrap();
    let moved = collector.finish();
    assert_eq!((moved.packages.len(), moved.gaps.len()), (4, 0));
    assert_eq!(inventory.gaps.iter().map(|gap| gap.kind).collect::<Vec<_>>(), [GapKind::Unsupported]);
    for (path, content) in
        [("var/lib/rpm/rpmdb.sqlite", "hello"), ("var/lib/rpm/Packages.db", "hello"), ("var/lib/rpm/Packages", "hello")]
    {
        assert_eq!(file(path, content).gaps[0].kind, GapKind::Damaged, "{path}");
        assert_eq!(told(path, ""), [""; 0]);
    }
}
