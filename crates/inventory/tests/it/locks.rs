//! What languages' package managers write down.

use gantry_inventory::{Evidence, GapKind};

use crate::layers::{Layer, TAR, file, told};

#[test]
fn npm() {
    let manifest = r#"{"name": "@scope/left", "version": "1.2.3", "license": "MIT", "x": [1]}"#;
    let inventory = file("app/node_modules/@scope/left/package.json", manifest);
    let package = &inventory.packages[0];
    assert_eq!((package.name.as_str(), package.evidence), ("@scope/left", Evidence::Installed));
    assert_eq!(package.license.as_deref(), Some("MIT"));
    assert_eq!(told("node_modules/a/package.json", "\u{feff}{\"name\":\"a\",\"version\":\"1\"}"), ["a 1"]);
    assert_eq!(told("node_modules/a/package.json", r#"{"type": "module"}"#), [""; 0]);
    let one = r#"{"lockfileVersion": 1, "dependencies": {
        "a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}},
        "d": {"version": "1.0.0", "dev": true, "dependencies": {"e": {"version": "1.0.0"}}},
        "old": {"version": "npm:@x/real@3.0.0"},
        "git": {"version": "git+ssh://host/x.git#abc"}}}"#;
    assert_eq!(told("package-lock.json", one), ["@x/real 3.0.0", "a 1.0.0", "b 2.0.0"]);
    let three = r#"{"lockfileVersion": 3, "packages": {
        "": {"name": "app", "version": "1.0.0"},
        "node_modules/a": {"version": "1.0.0", "license": "ISC"},
        "node_modules/a/node_modules/@s/b": {"version": "2.0.0"},
        "node_modules/alias": {"name": "real", "version": "4.0.0"},
        "node_modules/own": {"resolved": "packages/own", "link": true},
        "packages/own": {"version": "0.0.1"},
        "node_modules/dev": {"version": "1.0.0", "dev": true}}}"#;
    for name in ["srv/package-lock.json", "npm-shrinkwrap.json"] {
        assert_eq!(told(name, three), ["@s/b 2.0.0", "a 1.0.0", "real 4.0.0"]);
    }
}

#[test]
fn yarn() {
    let classic = "# yarn lockfile v1\n\n\n\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.23.0\"\n  \
                   resolved \"https://x\"\n  dependencies:\n    version \"^1.0.0\"\n\nleft-pad@^1:\n  version \"1.3.0\"\n\n\
                   old@npm:lodash@3:\n  version \"3.10.1\"\n";
    assert_eq!(told("yarn.lock", classic), ["@babel/core 7.23.0", "left-pad 1.3.0", "lodash 3.10.1"]);
    let berry = "__metadata:\n  version: 6\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n\n\
                 \"left-pad@npm:^1.0.0, left-pad@npm:^1.1.0\":\n  version: 1.3.0\n  resolution: \"left-pad@npm:1.3.0\"\n";
    assert_eq!(told("yarn.lock", berry), ["left-pad 1.3.0"]);
}

#[test]
fn pnpm() {
    let five = "lockfileVersion: 5.4\n\npackages:\n\n  /@babel/core/7.2.0:\n    resolution: {integrity: x}\n    dev: false\n\n  \
                /foo/1.0.0_react@16.0.0:\n    dev: false\n\n  /tool/2.0.0:\n    dev: true\n";
    assert_eq!(told("pnpm-lock.yaml", five), ["@babel/core 7.2.0", "foo 1.0.0"]);
    let six = "lockfileVersion: '6.0'\npackages:\n  /@babel/core@7.2.0(x@1.0.0):\n    dev: false\n  /foo@1.0.0:\n    dev: false\n";
    assert_eq!(told("pnpm-lock.yaml", six), ["@babel/core 7.2.0", "foo 1.0.0"]);
    let nine = "lockfileVersion: '9.0'\nimporters:\n  .:\n    x@1.0.0:\n\npackages:\n\n  '@babel/core@7.2.0':\n    resolution: {}\n\n  \
                foo@1.0.0:\n    resolution: {}\n\nsnapshots:\n\n  bar@2.0.0: {}\n";
    assert_eq!(told("pnpm-lock.yaml", nine), ["@babel/core 7.2.0", "foo 1.0.0"]);
}

#[test]
fn python() {
    let metadata = "Metadata-Version: 2.1\nName: Zope.Interface_X\nVersion: 5.4.0\nLicense: UNKNOWN\nClassifier: a\n\nName: not this\n";
    assert_eq!(told("lib/python3/site-packages/a.dist-info/METADATA", metadata), ["zope-interface-x 5.4.0"]);
    assert_eq!(told("usr/lib/python3/dist-packages/a.egg-info/PKG-INFO", metadata), ["zope-interface-x 5.4.0"]);
    assert_eq!(told("usr/lib/python3/dist-packages/a.egg-info", metadata), ["zope-interface-x 5.4.0"]);
    let long = format!("{metadata}{}", "text\n".repeat(100_000));
    assert_eq!(told("x/a.dist-info/METADATA", long), ["zope-interface-x 5.4.0"]);
    let poetry = "[[package]]\nname = \"Django\"\nversion = \"4.2\"\ncategory = \"main\"\n\n[[package]]\nname = \"black\"\n\
                  version = \"23.1\"\ncategory = \"dev\"\n\n[metadata]\nlock-version = \"1.1\"\n";
    assert_eq!(told("poetry.lock", poetry), ["django 4.2"]);
    let uv = "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1\"\nsource = { virtual = \".\" }\n[[package]]\nname = \"idna\"\n\
              version = \"3.6\"\nsource = { registry = \"https://pypi.org/simple\" }\n";
    assert_eq!(told("uv.lock", uv), ["idna 3.6"]);
    let pipfile = r#"{"_meta": {}, "default": {"six": {"version": "==1.16.0"}, "own": {"path": "."}}, "develop": {"pytest": {"version": "==7"}}}"#;
    assert_eq!(told("Pipfile.lock", pipfile), ["six 1.16.0"]);
    let requirements = "# comment\n-r base.txt\nDjango==4.2 ; python_version > \"3\"\nuvicorn[standard] == 0.2 \\\n    --hash=sha256:abc\n\
                        requests>=2\nflask===2.0 # why\nbad==1.*\na @ https://x==1\nsix==1.0,!=1.1\n";
    assert_eq!(told("requirements.txt", requirements), ["django 4.2", "flask 2.0", "six 1.0", "uvicorn 0.2"]);
}

#[test]
fn cargo() {
    let lock = "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.1\"\n\
                source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"x\"\n";
    assert_eq!(told("app/Cargo.lock", lock), ["serde 1.0.1"]);
}

#[test]
fn go() {
    let go_mod = "module example.com/own\n\ngo 1.21\n\nrequire example.com/One v1.0.0\nrequire (\n\texample.com/two v2.0.0+incompatible // indirect\n\
                  \texample.com/old v1.0.0\n\texample.com/local v1.0.0\n\texample.com/pick v1.0.0\n)\nexclude example.com/two v1.0.0\n\
                  replace (\n\texample.com/old => example.com/new v3.0.0\n\texample.com/pick v9.0.0 => example.com/never v1.0.0\n)\n\
                  replace example.com/local => ../local\n";
    let expect = [
        "example.com/One v1.0.0",
        "example.com/new v3.0.0",
        "example.com/pick v1.0.0",
        "example.com/two v2.0.0+incompatible",
    ];
    assert_eq!(told("src/go.mod", go_mod), expect);
    let go_sum = "example.com/a v1.0.0 h1:x=\nexample.com/a v1.0.0/go.mod h1:x=\nexample.com/b v0.9.0/go.mod h1:x=\n";
    assert_eq!(told("go.sum", go_sum), ["example.com/a v1.0.0"]);
    // Beside a go.mod, go.sum has nothing to add.
    let mut collector = gantry_inventory::Collector::new();
    let layer = Layer::new().file("src/go.mod", go_mod).file("src/go.sum", go_sum).tar();
    collector.add_layer("l", TAR, layer.as_slice()).unwrap();
    assert_eq!(collector.finish().packages.len(), expect.len());
}

#[test]
fn damaged_locks_are_told() {
    for name in
        ["package-lock.json", "poetry.lock", "uv.lock", "Pipfile.lock", "Cargo.lock", "node_modules/a/package.json"]
    {
        let inventory = file(name, "[[[");
        assert_eq!(inventory.gaps[0].kind, GapKind::Damaged, "{name}");
    }
}
