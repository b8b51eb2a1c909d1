//! Layers upon layers: what replaces, hides, removes and links to what.

use gantry_inventory::{Collector, Error, GapKind, Inventory, Limits};

use crate::layers::{Layer, TAR};

const DEBIAN: &str =
    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";

fn inventory(layers: Vec<Layer>) -> Inventory {
    let mut collector = Collector::new();
    for (at, layer) in layers.into_iter().enumerate() {
        collector.add_layer(&format!("layer{at}"), TAR, layer.tar().as_slice()).unwrap();
    }
    collector.finish()
}

fn deb(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

/// `name version layer`, in order.
fn told(inventory: &Inventory) -> Vec<String> {
    let line = |p: &gantry_inventory::Package| format!("{} {} {}", p.name, p.version, p.layer);
    inventory.packages.iter().map(line).collect()
}

#[test]
fn compressions_are_told_by_their_bytes() {
    let layer = || Layer::new().file("var/lib/dpkg/status", deb("bash", "5.2-1"));
    for bytes in [layer().tar(), layer().gzip(), layer().zstd()] {
        for media_type in [TAR, "application/vnd.docker.image.rootfs.diff.tar.gzip", "x/y+zstd", ""] {
            let mut collector = Collector::new();
            collector.add_layer("l", media_type, bytes.as_slice()).unwrap();
            let inventory = collector.finish();
            assert_eq!(told(&inventory), ["bash 5.2-1 l"], "{media_type}");
            assert_eq!(inventory.gaps, []);
        }
    }
}

#[test]
fn the_layer_of_a_package_is_the_one_that_brought_this_version() {
    let base = Layer::new().file("var/lib/dpkg/status", deb("a", "1") + &deb("b", "1") + &deb("gone", "1"));
    let upper = Layer::new().file("var/lib/dpkg/status", deb("a", "1") + &deb("b", "2") + &deb("c", "1"));
    let again = Layer::new().file("./var/lib/dpkg/status", deb("a", "1") + &deb("b", "2") + &deb("c", "1"));
    assert_eq!(told(&inventory(vec![base, upper, again])), ["a 1 layer0", "b 2 layer1", "c 1 layer1"]);
}

#[test]
fn whiteouts_remove_what_is_below_and_nothing_of_their_own_layer() {
    let status = || Layer::new().file("var/lib/dpkg/status.d/bash", deb("bash", "1"));
    let with = |layer: Layer| told(&inventory(vec![status(), layer]));
    assert_eq!(with(Layer::new().whiteout("var/lib/dpkg/status.d/bash")), [""; 0]);
    assert_eq!(with(Layer::new().whiteout("var/lib/dpkg")), [""; 0]);
    assert_eq!(with(Layer::new().whiteout("var")), [""; 0]);
    assert_eq!(with(Layer::new().opaque("var/lib/dpkg/status.d")), [""; 0]);
    assert_eq!(with(Layer::new().file(".wh..wh..opq", "")), [""; 0]);
    assert_eq!(with(Layer::new().file("var/lib/dpkg", "a file now")), [""; 0]);
    assert_eq!(with(Layer::new().dir("var/lib/dpkg")), ["bash 1 layer0"]);
    assert_eq!(with(Layer::new().whiteout("var/lib/dpkg/status.d/bas")), ["bash 1 layer0"]);
    // The opaque mark hides lower layers only, wherever in its layer it stands.
    let own = || Layer::new().file("var/lib/dpkg/status.d/zsh", deb("zsh", "2"));
    assert_eq!(with(own().opaque("var/lib/dpkg/status.d")), ["zsh 2 layer1"]);
    assert_eq!(with(Layer::new().opaque("var").file("var/lib/dpkg/status.d/zsh", deb("zsh", "2"))), ["zsh 2 layer1"]);
    assert_eq!(with(own().whiteout("var/lib")), ["zsh 2 layer1"]);
}

#[test]
fn os_release_is_found_through_links() {
    let id = |layers: Vec<Layer>| inventory(layers).os.map(|os| (os.id, os.version_id, os.version_codename));
    let debian = Some(("debian".to_owned(), Some("12".to_owned()), Some("bookworm".to_owned())));
    let file = || Layer::new().file("usr/lib/os-release", DEBIAN);
    assert_eq!(id(vec![file()]), debian);
    assert_eq!(id(vec![file().symlink("etc/os-release", "../usr/lib/os-release")]), debian);
    assert_eq!(id(vec![Layer::new().symlink("etc/os-release", "/usr/lib/os-release"), file()]), debian);
    assert_eq!(id(vec![file().hardlink("etc/os-release", "usr/lib/os-release").whiteout("x")]), debian);
    let odd = Layer::new().symlink("etc/os-release", "../opt/system").file("opt/system", DEBIAN);
    assert_eq!(id(vec![odd]), debian);
    let directory = Layer::new().symlink("etc", "private/etc").file("private/etc/os-release", DEBIAN);
    assert_eq!(id(vec![directory]), debian);
    // The link's own file wins over /usr/lib's.
    let both = Layer::new().file("etc/os-release", "ID=mine\n").file("usr/lib/os-release", DEBIAN);
    assert_eq!(id(vec![both]), Some(("mine".to_owned(), None, None)));
    let looped = inventory(vec![Layer::new().symlink("etc/os-release", "os-release")]);
    assert_eq!((looped.os, looped.gaps[0].kind), (None, GapKind::BrokenLink));
}

#[test]
fn databases_are_found_behind_linked_directories() {
    let base = || Layer::new().symlink("lib", "usr/lib");
    let db = "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\n";
    assert_eq!(told(&inventory(vec![base(), Layer::new().file("lib/apk/db/installed", db)])), ["musl 1.2.4-r2 layer1"]);
    assert_eq!(
        told(&inventory(vec![
            base().file("usr/lib/apk/db/installed", db),
            Layer::new().whiteout("lib/apk/db/installed")
        ])),
        [""; 0]
    );
    let moved = Layer::new().symlink("var/lib/dpkg", "../../srv/db").file("srv/db/status", deb("a", "1"));
    assert_eq!(told(&inventory(vec![moved])), ["a 1 layer0"]);
    let loops = Layer::new().symlink("var", "lib").symlink("lib", "var").file("var/lib/dpkg/status", deb("a", "1"));
    assert_eq!(inventory(vec![loops]).gaps[0].kind, GapKind::Damaged);
}

#[test]
fn limits_are_told() {
    let status = (0..20).map(|n| deb(&format!("p{n}"), "1")).collect::<String>();
    let layer = || Layer::new().file("a", "x").file("var/lib/dpkg/status", &status).tar();
    let gap = |limits: Limits| {
        let mut collector = Collector::with_limits(limits);
        collector.add_layer("l", TAR, layer().as_slice()).unwrap();
        let inventory = collector.finish();
        assert_eq!(inventory.packages, []);
        let [gap] = inventory.gaps.as_slice() else { panic!("{:?}", inventory.gaps) };
        gap.kind
    };
    let normal = Limits::default();
    assert_eq!(gap(Limits { entries: 1, ..normal }), GapKind::LayerCut);
    assert_eq!(gap(Limits { unpacked_bytes: 1500, ..normal }), GapKind::LayerCut);
    assert_eq!(gap(Limits { packages: 19, ..normal }), GapKind::TooMany);
    assert_eq!(gap(Limits { kept_files: 0, ..normal }), GapKind::TooMany);
}

#[test]
fn a_bomb_is_cut() {
    let bomb = Layer::new().file("zeros", vec![0; 8 << 20]).file("var/lib/dpkg/status", deb("a", "1")).gzip();
    let limits = Limits { ratio: 50, ratio_free_bytes: 1 << 20, ..Limits::default() };
    let mut collector = Collector::with_limits(limits);
    collector.add_layer("l", TAR, bomb.as_slice()).unwrap();
    let inventory = collector.finish();
    assert_eq!((inventory.gaps[0].kind, inventory.packages.len()), (GapKind::LayerCut, 0));
}

#[test]
fn broken_layers_and_broken_readers_are_told_apart() {
    struct Fails;
    impl std::io::Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    use std::io::Read as _;
    let layer = Layer::new().file("var/lib/dpkg/status", deb("a", "1").repeat(100)).gzip();
    let mut collector = Collector::new();
    let fault = collector.add_layer("l", TAR, layer[..60].chain(Fails)).unwrap_err();
    assert!(matches!(fault, Error::Read { .. }), "{fault}");
    let fault = collector.add_layer("l", TAR, &layer[..60]).unwrap_err();
    assert!(matches!(fault, Error::Damaged { .. }), "{fault}");
    let fault = collector.add_layer("l", TAR, &b"hello".repeat(300)[..]).unwrap_err();
    assert!(matches!(fault, Error::Damaged { .. }), "{fault}");
    collector.add_layer("l", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", &b"?"[..]).unwrap();
    let kinds: Vec<_> = collector.finish().gaps.into_iter().map(|gap| gap.kind).collect();
    assert_eq!(kinds, [GapKind::LayerCut, GapKind::LayerCut, GapKind::LayerCut, GapKind::Unsupported]);
}

/// The archive forms there are, by a program that writes them all.
#[test]
fn every_form_of_tar() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let long = format!("{}node_modules/left-pad", "a-directory-with-a-long-name/".repeat(6));
    std::fs::create_dir_all(path(&long)).unwrap();
    std::fs::create_dir_all(path("var/lib/dpkg")).unwrap();
    std::fs::create_dir_all(path("etc")).unwrap();
    std::fs::create_dir_all(path("usr/lib")).unwrap();
    std::fs::write(path(&format!("{long}/package.json")), r#"{"name": "left-pad", "version": "1.3.0"}"#).unwrap();
    std::fs::write(path("var/lib/dpkg/status"), deb("bash", "5.2-1")).unwrap();
    std::fs::write(path("usr/lib/os-release"), DEBIAN).unwrap();
    std::os::unix::fs::symlink("../usr/lib/os-release", path("etc/os-release")).unwrap();
    // A hole of a megabyte in front, with -S a sparse entry; something after it shows that it was passed over whole.
    let sparse = std::fs::File::create(path("sparse")).unwrap();
    sparse.set_len(1 << 20).unwrap();
    for format in ["gnu", "oldgnu", "posix", "ustar"] {
        for flags in ["-c", "-cS"] {
            let mut tar = std::process::Command::new("tar");
            tar.arg(format!("--format={format}")).arg(flags).arg("-C").arg(directory.path());
            let Ok(out) = tar.args(["sparse", "etc", "usr", "var", "a-directory-with-a-long-name"]).output() else {
                eprintln!("SKIP every_form_of_tar: no tar on the PATH");
                return;
            };
            // ustar has no sparse files: tar refuses.
            if format == "ustar" && flags == "-cS" {
                assert!(!out.status.success());
                continue;
            }
            let mut collector = Collector::new();
            collector.add_layer("l", TAR, out.stdout.as_slice()).unwrap();
            let inventory = collector.finish();
            assert_eq!(told(&inventory), ["bash 5.2-1 l", "left-pad 1.3.0 l"], "{format} {flags}");
            assert_eq!((inventory.os.unwrap().id.as_str(), inventory.gaps.len()), ("debian", 0), "{format} {flags}");
        }
    }
}

#[test]
fn numbers_and_names_that_do_not_fit_a_header() {
    let pax = |record: &str| {
        let mut length = record.len() + 3;
        while format!("{length} {record}\n").len() != length {
            length += 1;
        }
        format!("{length} {record}\n").into_bytes()
    };
    let content = deb("a", "1");
    let renamed = Layer::new().entry("pax", b'x', "", &pax("path=var/lib/dpkg/status")).file("short", &content);
    assert_eq!(told(&inventory(vec![renamed])), ["a 1 layer0"]);
    let target = pax("linkpath=../usr/lib/os-release");
    let linked =
        Layer::new().file("usr/lib/os-release", DEBIAN).entry("pax", b'x', "", &target).symlink("etc/os-release", "x");
    assert_eq!(inventory(vec![linked]).gaps, []);
    // A sparse file that a reader wanted.
    let sparse = Layer::new().entry("var/lib/dpkg/status", b'S', "", content.as_bytes());
    assert_eq!(inventory(vec![sparse]).gaps[0].kind, GapKind::Unsupported);
    // A path that no runtime unpacks.
    let climbs = Layer::new().file("../../var/lib/dpkg/status", &content);
    assert_eq!(inventory(vec![climbs]).gaps[0].kind, GapKind::Damaged);
    let too_long = Layer::new().entry("pax", b'x', "", &vec![b'0'; 2 << 20]).tar();
    let fault = Collector::new().add_layer("l", TAR, too_long.as_slice()).unwrap_err();
    assert!(fault.to_string().contains("too long"), "{fault}");
}

#[test]
fn links_that_change_for_ever_are_not_followed_for_ever() {
    let mut layer = Layer::new();
    for _ in 0..6_000 {
        layer = layer.symlink("var", "x");
    }
    let gaps = inventory(vec![layer]).gaps;
    assert!(gaps.iter().any(|gap| gap.kind == GapKind::TooMany), "{gaps:?}");
}
