//! Files, archives, addresses and what goes wrong with them.

use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use gantry_advisory::Ecosystem;
use gantry_base::{SystemClock, SystemEntropy};
use gantry_scanner::{Error, ScanDb, db, import};
use http_body_util::Full;
use hyper::{Request, Response};

use crate::rig::{NPM, SCORE, SECDB, TRACKER, run_import};

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    crate::rig::layer(files)
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        archive.start_file(*name, plain).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn advices(dir: &Path, ecosystem: &Ecosystem, package: &str) -> Vec<String> {
    let db = ScanDb::open(dir).unwrap();
    let snapshot = db.snapshot();
    let found = snapshot.reader().unwrap().advices(ecosystem, package).unwrap();
    found.into_iter().map(|a| a.affected.id).collect()
}

#[test]
fn every_wrapping() {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("plain", NPM.into()),
        ("gz", gz(NPM.as_bytes())),
        ("zst", zstd::encode_all(NPM.as_bytes(), 1).unwrap()),
        ("zip", zip(&[("README", "no advisory"), ("GHSA.json", NPM)])),
        ("tar", tar(&[("x/README", "no advisory"), ("x/a.json", NPM)])),
        ("tar.gz", gz(&tar(&[("a.json", NPM)]))),
        ("tar of gz", tar(&[("a.json", NPM)])),
    ];
    for (name, bytes) in files {
        let (db, file) = (dir.path().join(format!("db {name}")), dir.path().join(name));
        fs::write(&file, bytes).unwrap();
        let info = run_import(&db, &file, None).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((info.name.as_str(), info.records), ("osv/npm", 1), "{name}");
        assert_eq!(advices(&db, &Ecosystem::npm(), "left"), ["CVE-2099-0020"], "{name}");
    }
}

#[test]
fn sources_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let (from, db_dir) = (dir.path().join("from"), dir.path().join("db"));
    fs::create_dir_all(from.join("osv")).unwrap();
    fs::write(from.join("osv/a.json"), NPM).unwrap();
    fs::write(from.join("osv/b.json"), SCORE).unwrap();
    fs::write(from.join("package.json"), r#"{"name":"not an advisory"}"#).unwrap();
    fs::write(from.join("notes.txt"), "hello").unwrap();
    std::os::unix::fs::symlink("/", from.join("loop")).unwrap();
    let info = run_import(&db_dir, &from, None).unwrap();
    assert_eq!((info.name.as_str(), info.records), ("osv/Debian+npm", 2));
    for (name, text, expected) in
        [("t.json", TRACKER, "debian-security-tracker"), ("s.json", SECDB, "alpine-secdb/Alpine:v3.19-main")]
    {
        fs::write(dir.path().join(name), text).unwrap();
        assert_eq!(run_import(&db_dir, &dir.path().join(name), None).unwrap().name, expected);
    }
    let named = run_import(&db_dir, &dir.path().join("s.json"), Some("mine")).unwrap();
    assert_eq!((named.name.as_str(), named.records, named.skipped), ("mine", 3, 1));
    assert!(run_import(&db_dir, &dir.path().join("s.json"), Some("no good")).is_err());
    let names = |dir: &Path| db::sources(dir).unwrap().into_iter().map(|s| s.name).collect::<Vec<_>>();
    assert_eq!(names(&db_dir), ["alpine-secdb/Alpine:v3.19-main", "debian-security-tracker", "mine", "osv/Debian+npm"]);
    // Imported anew it takes the place of the old one, whose file goes.
    run_import(&db_dir, &dir.path().join("t.json"), None).unwrap();
    assert_eq!(names(&db_dir).len(), 4);
    let files =
        fs::read_dir(&db_dir).unwrap().filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "redb"));
    assert_eq!(files.count(), 4);
    assert_eq!(advices(&db_dir, &Ecosystem::from_osv("Alpine:v3.19"), "busybox").len(), 4, "from both");
    db::remove(&db_dir, "mine").unwrap();
    assert!(matches!(db::remove(&db_dir, "mine"), Err(Error::NoSource(_))));
    assert_eq!(names(&db_dir).len(), 3);
}

#[test]
fn what_breaks_off_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (db_dir, file) = (dir.path().join("db"), dir.path().join("t"));
    fs::write(&file, TRACKER).unwrap();
    run_import(&db_dir, &file, None).unwrap();
    let before = db::sources(&db_dir).unwrap();
    let two = format!("[{},{}]", NPM.trim_matches(['[', ']']), NPM.trim_matches(['[', ']']));
    let whole = gz(&tar(&[("a.json", &two), ("b.json", &two)]));
    for (name, bytes) in [
        ("nothing", Vec::new()),
        ("no advisories", b"{\"name\":\"x\"}".to_vec()),
        ("half of the tracker", TRACKER.as_bytes()[..600].to_vec()),
        ("half of an array", two.as_bytes()[..two.len() - 20].to_vec()),
        ("half of an archive", whole[..whole.len() - 12].to_vec()),
        ("half of a zip", zip(&[("a.json", NPM)])[..100].to_vec()),
        ("binary", vec![0xff; 4096]),
        (
            "a withdrawn one only",
            NPM.replacen("\"summary\"", "\"withdrawn\":\"2026-01-01T00:00:00Z\",\"summary\"", 1).into(),
        ),
    ] {
        fs::write(&file, bytes).unwrap();
        assert!(run_import(&db_dir, &file, None).is_err(), "{name}");
        assert_eq!(db::sources(&db_dir).unwrap(), before, "{name}");
    }
    assert!(run_import(&db_dir, &dir.path().join("not there"), None).is_err());
    let left = fs::read_dir(&db_dir).unwrap().count();
    assert_eq!(left, 3, "the list, the lock, one source");
    // What a killed import leaves is removed by the next one.
    fs::write(db_dir.join("0123456789abcdef.redb"), "half").unwrap();
    fs::write(db_dir.join("sources.json.partial"), "{").unwrap();
    fs::write(&file, SECDB).unwrap();
    run_import(&db_dir, &file, None).unwrap();
    assert!(!db_dir.join("0123456789abcdef.redb").exists() && !db_dir.join("sources.json.partial").exists());
}

#[test]
fn one_import_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (db_dir, file) = (dir.path().join("db"), dir.path().join("t"));
    fs::write(&file, TRACKER).unwrap();
    run_import(&db_dir, &file, None).unwrap();
    let held = fs::File::options().write(true).open(db_dir.join("lock")).unwrap();
    held.lock().unwrap();
    assert!(matches!(run_import(&db_dir, &file, None), Err(Error::Busy)));
    drop(held);
    run_import(&db_dir, &file, None).unwrap();
}

#[test]
fn readers_keep_what_they_have() {
    let dir = tempfile::tempdir().unwrap();
    let (db_dir, file) = (dir.path().join("db"), dir.path().join("t"));
    fs::write(&file, TRACKER).unwrap();
    run_import(&db_dir, &file, None).unwrap();
    let db = ScanDb::open(&db_dir).unwrap();
    let old = db.snapshot();
    let reader = old.reader().unwrap();
    fs::write(&file, TRACKER.replace("CVE-2099-0001", "CVE-2099-9999")).unwrap();
    run_import(&db_dir, &file, None).unwrap();
    let ids = |reader: &gantry_scanner::db::Reader<'_>| {
        let found = reader.advices(&Ecosystem::debian("bookworm"), "openssl").unwrap();
        found.into_iter().map(|a| a.affected.id).collect::<Vec<_>>()
    };
    assert!(ids(&reader).contains(&"CVE-2099-0001".to_owned()), "its file is gone from the directory only");
    assert!(db.reload().unwrap());
    assert!(!db.reload().unwrap(), "once");
    let new = db.snapshot();
    assert!(ids(&new.reader().unwrap()).contains(&"CVE-2099-9999".to_owned()));
    // A damaged file takes its own source away and nothing else.
    let info = &gantry_scanner::db::sources(&db_dir).unwrap()[0];
    fs::write(db_dir.join(&info.file), "not a database").unwrap();
    let damaged = ScanDb::open(&db_dir).unwrap();
    assert!(!damaged.snapshot().covers(&Ecosystem::debian("bookworm")));
}

/// Answers every request with what `answer` makes of its path.
async fn server(answer: fn(&str) -> Response<Full<Bytes>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serve = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| async move {
                Ok::<_, Infallible>(answer(request.uri().path()))
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), serve),
            );
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn from_an_address() {
    let base = server(|path| match path {
        "/npm/all.zip" => Response::new(Full::new(zip(&[("a.json", NPM)]).into())),
        "/moved" => Response::builder().status(302).header("location", "/npm/all.zip").body(Full::default()).unwrap(),
        "/loop" => Response::builder().status(302).header("location", "/loop").body(Full::default()).unwrap(),
        _ => Response::builder().status(404).body(Full::default()).unwrap(),
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let fetch = async |path: &str| {
        let url = format!("{base}{path}");
        let tools: (gantry_base::SharedClock, gantry_base::SharedEntropy) =
            (Arc::new(SystemClock), Arc::new(SystemEntropy));
        import::import_url(dir.path(), &url, import::Request::default(), tools.0, tools.1, Box::new(())).await
    };
    let info = fetch("/moved?token=secret").await.unwrap();
    assert_eq!(info.name, "osv/npm");
    assert!(!info.origin.contains("secret"), "{}", info.origin);
    assert_eq!(advices(dir.path(), &Ecosystem::npm(), "left"), ["CVE-2099-0020"]);
    for path in ["/none", "/loop"] {
        assert!(fetch(path).await.is_err(), "{path}");
    }
    for url in ["ftp://example.test/x", "http://", "https://user:secret@127.0.0.1:1/", "http://127.0.0.1:1/x"] {
        let tools: (gantry_base::SharedClock, gantry_base::SharedEntropy) =
            (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let done =
            import::import_url(dir.path(), url, import::Request::default(), tools.0, tools.1, Box::new(())).await;
        let error = done.expect_err(url).to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let left = fs::read_dir(dir.path())
        .unwrap()
        .filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "partial"));
    assert_eq!(left.count(), 0, "no download is left behind");
}
