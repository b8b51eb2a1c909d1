//! A full disk: refused writes leave nothing behind, and writing goes on when there is room again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use gantry_store::{Embedded, EmbeddedOptions, Error, KeyRange, Store};
use tempfile::TempDir;

/// A small filesystem of its own, gone with the test.
struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    fn mount(megabytes: usize) -> Result<Self, String> {
        let dir = TempDir::new().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(dir.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Self { dir }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("state")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.dir.path()).status().ok();
    }
}

fn open(path: &Path) -> Store {
    Embedded::open(path, EmbeddedOptions::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_survived() {
    let disk = match SmallDisk::mount(16) {
        Ok(disk) => disk,
        Err(why) => return eprintln!("SKIP a_full_disk_is_survived: cannot mount a tmpfs: {why}"),
    };
    let ballast = disk.dir.path().join("ballast");
    std::fs::write(&ballast, vec![0; 6 << 20]).unwrap();
    let store = open(&disk.path());
    let lease = store.engine().lease_grant(1000).await.unwrap();
    let mut watch = store.watch(KeyRange::prefix("/"), 0).await.unwrap();

    let (mut written, refused) = fill(&store).await;
    assert!(written.len() > 5, "{} writes before the disk was full", written.len());
    assert!(!refused.is_empty());
    let newest = store.revision().await.unwrap();
    assert_eq!(newest, 1 + written.len() as u64, "a refused write is no revision");
    check(&store, &written, &refused).await;
    let mut seen = 0;
    while let Some(batch) = watch.try_next() {
        batch.unwrap();
        seen += 1;
    }
    assert_eq!(seen, written.len(), "a refused write is no event");
    // Reads and what needs no disk go on.
    store.engine().lease_keep_alive(lease).await.unwrap();

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(store.put("/after", "room").await.unwrap(), newest + 1);
    store.engine().lease_grant(10).await.unwrap();
    written.push("/after".to_owned());
    check(&store, &written, &refused).await;
    assert_eq!(watch.next().await.unwrap().unwrap().revision, newest + 1);

    drop(store);
    let store = open(&disk.path());
    check(&store, &written, &refused).await;
    assert_eq!(store.revision().await.unwrap(), newest + 1);
    store.engine().lease_keep_alive(lease).await.unwrap();
    eprintln!("{} writes, {} refused for want of room, then written on", written.len(), refused.len());
}

/// Checkpoints and partitions written anew run out of room as often as the log does, again and again;
/// and what is read has to come from the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_survived_by_checkpoints() {
    let disk = match SmallDisk::mount(24) {
        Ok(disk) => disk,
        Err(why) => return eprintln!("SKIP a_full_disk_is_survived_by_checkpoints: cannot mount a tmpfs: {why}"),
    };
    let open = || {
        let options =
            EmbeddedOptions { checkpoint_after_bytes: 512 << 10, partition_bytes: 64 << 10, ..Default::default() };
        Embedded::open(&disk.path(), options).unwrap()
    };
    let ballast = disk.dir.path().join("ballast");
    let mut written = BTreeMap::new();
    let mut refusals = 0;
    for round in 0..6_usize {
        std::fs::write(&ballast, vec![0; 12 << 20]).ok();
        let store = open();
        let mut refused = 0;
        for n in 0.. {
            // The same keys again and again, so that there is something to write anew, and ever more of them.
            let key = format!("/k/{}", (n * 7 + round) % (60 + n / 3));
            match store.put(key.clone(), vec![round as u8; 20_000 + 1_000 * (n % 9)]).await {
                Ok(_) => _ = written.insert(key, (round as u8, 20_000 + 1_000 * (n % 9))),
                Err(Error::Io(_)) => refused += 1,
                Err(other) => panic!("{other}"),
            }
            if refused == 5 || n == 1_500 {
                break;
            }
            // The room goes slowly, so that it ends at any write.
            if n % 10 == 0 {
                let more = std::fs::OpenOptions::new().append(true).open(&ballast);
                std::io::Write::write_all(&mut more.unwrap(), &vec![0; 100_000]).ok();
            }
        }
        refusals += refused;
        check_again(&store, &written).await;
        if round % 2 == 0 {
            std::fs::remove_file(&ballast).unwrap();
            store.put("/k/0", "room").await.unwrap();
            store.put("/k/0", vec![9; 9]).await.unwrap();
            written.insert("/k/0".to_owned(), (9, 9));
            check_again(&store, &written).await;
        }
        drop(store);
        std::fs::remove_file(&ballast).ok();
        let store = open();
        check_again(&store, &written).await;
    }
    eprintln!("{refusals} writes refused in six rounds");
    assert!(refusals > 0);
}

type Written = BTreeMap<String, (u8, usize)>;

async fn check_again(store: &Store, written: &Written) {
    let found = store.list("/k/").await.unwrap();
    let name = |key: &[u8]| String::from_utf8(key.to_vec()).unwrap();
    let found: Written = found.kvs.iter().map(|kv| (name(&kv.key), (kv.value[0], kv.value.len()))).collect();
    assert_eq!(&found, written);
}

/// Four writers write until each has been refused five times.
async fn fill(store: &Store) -> (Vec<String>, Vec<String>) {
    let writers = (0..4).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut written, mut refused) = (Vec::new(), Vec::new());
            for n in 0.. {
                let key = format!("/fill/{writer}/{n}");
                match store.put(key.clone(), vec![7; 100_000]).await {
                    Ok(_) => written.push(key),
                    Err(Error::Io(_)) => refused.push(key),
                    Err(other) => panic!("{other}"),
                }
                if refused.len() == 5 {
                    break;
                }
            }
            (written, refused)
        })
    });
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    for writer in writers.collect::<Vec<_>>() {
        let (more_written, more_refused) = writer.await.unwrap();
        written.extend(more_written);
        refused.extend(more_refused);
    }
    (written, refused)
}

async fn check(store: &Store, written: &[String], refused: &[String]) {
    for key in written {
        assert!(store.get(key.clone()).await.unwrap().is_some(), "{key} was written");
    }
    for key in refused {
        assert!(store.get(key.clone()).await.unwrap().is_none(), "{key} was refused");
    }
}
