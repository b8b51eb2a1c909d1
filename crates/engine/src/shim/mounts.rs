//! The shim's private mount namespace: where layers, root file systems and volumes are put
//! together, out of the host's sight.
//!
//! Everything is mounted below one small tmpfs ([`Mounts::base`]) with short, harmless paths that
//! a process of a user namespace can walk. When the last process of the sandbox is gone the kernel
//! drops the namespace and every mount with it: nothing can be left behind on the host.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::cgroup::CgroupTree;
use crate::remove::remove_tree;
use crate::sys;

/// Directories that exist on every Linux host and hold nothing a shim needs.
const BASES: [&str; 5] = ["/mnt", "/media", "/srv", "/opt", "/tmp"];

/// Room for mount points, configuration and sockets.
const BASE_OPTIONS: &str = "mode=755,size=16m,nr_inodes=16k";

pub(super) struct Mounts {
    base: PathBuf,
    /// Host layer directory to mount point number.
    layers: BTreeMap<PathBuf, usize>,
}

impl Mounts {
    /// Leaves the host's mount namespace and builds the base. `state` is the sandbox's directory
    /// on disk, kept reachable at `<base>/s`.
    pub(super) fn isolate(state: BorrowedFd<'_>, state_path: &Path) -> io::Result<Self> {
        // A mount of the host's namespace cannot be cloned from inside another one.
        let tree = sys::open_tree_clone(Path::new(&format!("/proc/self/fd/{}", state.as_raw_fd())))?;
        sys::unshare(libc::CLONE_NEWNS)?;
        // Slave: mounts the operator makes or ends still come and go here, none of ours go out.
        sys::mount("", Path::new("/"), "", libc::MS_REC | libc::MS_SLAVE, None)?;
        let base = BASES
            .iter()
            .map(Path::new)
            .find(|b| b.is_dir() && !state_path.starts_with(b))
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no directory to build mounts in"))?
            .to_owned();
        sys::mount("gantry", &base, "tmpfs", libc::MS_NOSUID | libc::MS_NODEV, Some(BASE_OPTIONS))?;
        sys::mount("", &base, "", libc::MS_PRIVATE, None)?;
        let mounts = Self { base, layers: BTreeMap::new() };
        for dir in ["s", "c", "l", "rt", "etc", "cg"] {
            fs::create_dir(mounts.path(dir))?;
        }
        sys::move_mount(tree.as_fd(), &mounts.path("s"))?;
        Ok(mounts)
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.base.join(relative)
    }

    /// Takes the control groups over: afterwards they are reachable through the returned tree
    /// only, and libcontainer, which would place processes by itself, finds none and leaves it.
    pub(super) fn adopt_cgroups(&self, mut tree: CgroupTree) -> io::Result<CgroupTree> {
        for (i, hierarchy) in tree.hierarchies.iter_mut().enumerate() {
            // Names that end in a controller's name would be found again.
            let target = self.path(&format!("h{i}"));
            fs::create_dir(&target)?;
            let mount = sys::open_tree_clone(&hierarchy.mount)?;
            sys::move_mount(mount.as_fd(), &target)?;
            hierarchy.mount = target;
        }
        let root = Path::new("/sys/fs/cgroup");
        sys::umount_detach(root)?;
        sys::mount("gantry", root, "tmpfs", libc::MS_RDONLY, Some("mode=755,size=4k"))?;
        Ok(tree)
    }

    /// A read-only mount of each layer, ids mapped into `userns`: one unpacked layer serves every
    /// sandbox. Returns mount points, lowest layer first.
    pub(super) fn layers(&mut self, layers: &[PathBuf], userns: Option<BorrowedFd<'_>>) -> io::Result<Vec<PathBuf>> {
        let mut points = Vec::with_capacity(layers.len());
        for layer in layers {
            let number = if let Some(number) = self.layers.get(layer) {
                *number
            } else {
                let number = self.layers.len();
                let point = self.path(&format!("l/{number}"));
                fs::create_dir(&point).or_else(|e| if point.is_dir() { Ok(()) } else { Err(e) })?;
                let mount = sys::open_tree_clone(layer)?;
                let mut set = sys::MOUNT_ATTR_RDONLY;
                if userns.is_some() {
                    set |= sys::MOUNT_ATTR_IDMAP;
                }
                sys::mount_setattr(mount.as_fd(), set, userns)?;
                sys::move_mount(mount.as_fd(), &point)?;
                self.layers.insert(layer.clone(), number);
                number
            };
            points.push(self.path(&format!("l/{number}")));
        }
        Ok(points)
    }

    /// The overlay of a container; its upper directory lies in the sandbox's directory on disk.
    pub(super) fn overlay(&self, name: &str, layers: &[PathBuf], owner: u32) -> io::Result<PathBuf> {
        let disk = self.path("s").join("containers").join(name);
        let (upper, work) = (disk.join("upper"), disk.join("work"));
        for dir in [&upper, &work] {
            fs::create_dir_all(dir)?;
        }
        set_mode(&upper, 0o755)?;
        sys::lchown(&upper, owner, owner)?;
        let dir = self.path("c").join(name);
        let root = dir.join("rootfs");
        fs::create_dir_all(&root)?;
        // overlayfs wants the topmost layer first.
        let lower: Vec<String> = layers.iter().rev().map(|l| l.display().to_string()).collect();
        let options =
            format!("lowerdir={},upperdir={},workdir={},volatile", lower.join(":"), upper.display(), work.display());
        sys::mount("overlay", &root, "overlay", libc::MS_NODEV, Some(&options))?;
        Ok(root)
    }

    /// Shows a path of the host at a place that the container's init can reach.
    pub(super) fn stage(&self, source: &Path, name: &str, number: usize) -> io::Result<PathBuf> {
        let target = self.path("c").join(name).join(format!("v{number}"));
        if fs::metadata(source)?.is_dir() {
            fs::create_dir_all(&target)?;
        } else {
            fs::write(&target, "")?;
        }
        let mount = sys::open_tree_clone(source)?;
        sys::move_mount(mount.as_fd(), &target)?;
        Ok(target)
    }

    /// Undoes everything made for a container. Layers stay for the sandbox's others.
    pub(super) fn release(&self, name: &str) {
        let dir = self.path("c").join(name);
        if let Ok(entries) = fs::read_dir(&dir) {
            for entry in entries.flatten() {
                let path = entry.path();
                let _ = sys::umount_detach(&path);
                // Not what is in it: were it mounted still, that would be a volume's content.
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
            }
        }
        let _ = fs::remove_dir(&dir);
        let _ = fs::remove_dir_all(self.path("rt").join(name));
        for part in ["upper", "work"] {
            let _ = remove_tree(&self.path("s").join("containers").join(name).join(part));
        }
    }
}

/// Takes every control group file system out of the shim's mounts but those below `base`.
///
/// libcontainer looks for one by the name of its mount point, wherever it is (a chroot's, another
/// container's), moves the container's process into the group that its configuration names there,
/// and when a creation fails it kills whatever is in that group. Mounts may have come since the last
/// look, so this is done before each creation. The host's own mounts stay: ours are slaves.
pub(super) fn hide_cgroups(base: &Path) -> io::Result<()> {
    for path in cgroup_mounts(&fs::read_to_string("/proc/self/mountinfo")?, base).iter().rev() {
        let _ = sys::umount_detach(path);
    }
    match cgroup_mounts(&fs::read_to_string("/proc/self/mountinfo")?, base).first() {
        None => Ok(()),
        Some(path) => Err(io::Error::other(format!("the control groups at {} cannot be hidden", path.display()))),
    }
}

fn cgroup_mounts(mountinfo: &str, base: &Path) -> Vec<PathBuf> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let kind = right.split(' ').next()?;
        matches!(kind, "cgroup" | "cgroup2").then(|| left.split(' ').nth(4)).flatten()
    });
    mounts
        .map(|escaped| PathBuf::from(OsString::from_vec(unescape(escaped))))
        .filter(|p| !p.starts_with(base))
        .collect()
}

/// mountinfo writes blanks, newlines and backslashes as `\ooo`.
fn unescape(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 4).filter(|_| *byte == b'\\').and_then(|d| std::str::from_utf8(d).ok());
        if let Some(code) = code.and_then(|d| u8::from_str_radix(d, 8).ok()) {
            out.push(code);
            at += 4;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    out
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// A directory inside a container's root, made if missing, reached without following any link out
/// of it. For mounting over through `/proc/self/fd`.
pub(super) fn dir_in_root(root: &Path, relative: &str) -> io::Result<OwnedFd> {
    let anchor = sys::open_dir(root)?;
    let path = sys::cstr(relative)?;
    let flags = libc::O_DIRECTORY | libc::O_PATH;
    let resolve = sys::RESOLVE_IN_ROOT | sys::RESOLVE_NO_SYMLINKS | sys::RESOLVE_NO_MAGICLINKS;
    match sys::openat2(anchor.as_fd(), &path, flags, 0, resolve) {
        Err(e) if e.raw_os_error() == Some(libc::ENOENT) => {
            // SAFETY: a single path component below an open directory.
            sys::check(i64::from(unsafe { libc::mkdirat(anchor.as_raw_fd(), path.as_ptr(), 0o755) }))?;
            sys::openat2(anchor.as_fd(), &path, flags, 0, resolve)
        }
        other => other,
    }
}

/// A small text file of a container's root; empty if missing, too long or not text.
pub(super) fn read_in_root(root: &Path, relative: &str, limit: u64) -> String {
    use std::io::Read;
    let open = || -> io::Result<String> {
        let anchor = sys::open_dir(root)?;
        let resolve = sys::RESOLVE_IN_ROOT | sys::RESOLVE_NO_MAGICLINKS;
        // Non-blocking: the image may hold a FIFO by this name.
        let flags = libc::O_RDONLY | libc::O_NONBLOCK;
        let fd = sys::openat2(anchor.as_fd(), &sys::cstr(relative)?, flags, 0, resolve)?;
        let mut text = Vec::new();
        fs::File::from(fd).take(limit).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    open().unwrap_or_default()
}

/// Makes one directory inside a container's root unless something is there; links in the parent
/// path are followed within the root.
pub(super) fn make_dir_in_root(root: &Path, relative: &str, owner: u32) -> io::Result<()> {
    let anchor = sys::open_dir(root)?;
    let (parent, name) = relative.rsplit_once('/').unwrap_or((".", relative));
    let resolve = sys::RESOLVE_IN_ROOT | sys::RESOLVE_NO_MAGICLINKS;
    let flags = libc::O_DIRECTORY | libc::O_PATH;
    let parent = sys::openat2(anchor.as_fd(), &sys::cstr(parent)?, flags, 0, resolve)?;
    let name = sys::cstr(name)?;
    // SAFETY: a single component below an open directory; the string is NUL-terminated.
    match sys::check(i64::from(unsafe { libc::mkdirat(parent.as_raw_fd(), name.as_ptr(), 0o755) })) {
        Err(e) if e.raw_os_error() == Some(libc::EEXIST) => Ok(()),
        Err(e) => Err(e),
        Ok(_) => {
            let flags = libc::AT_SYMLINK_NOFOLLOW;
            // SAFETY: as above; what was just made is a directory.
            let ret = unsafe { libc::fchownat(parent.as_raw_fd(), name.as_ptr(), owner, owner, flags) };
            sys::check(i64::from(ret)).map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_groups_are_found_wherever_they_are() {
        let mountinfo = "\
24 1 0:20 / /sys/fs/cgroup ro - tmpfs gantry rw
25 24 0:21 / /mnt/h0 rw - cgroup cgroup rw,cpu
26 24 0:22 / /srv/a\\040chroot/sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
27 24 0:25 / /srv/b\\134/unified rw - cgroup2 cgroup2 rw
28 24 0:26 / /mnt2/pids rw - cgroup cgroup rw,pids";
        let found = cgroup_mounts(mountinfo, Path::new("/mnt"));
        let want = ["/srv/a chroot/sys/fs/cgroup/memory", "/srv/b\\/unified", "/mnt2/pids"];
        assert_eq!(found, want.map(PathBuf::from));
    }
}
