//! Every bound of this crate, by name. Hitting one leaves a `Gap` in the inventory.

/// Layers of one image; overlayfs takes fewer.
pub const MAX_LAYERS: usize = 512;
/// Entries of all layers together.
pub const MAX_ENTRIES: u64 = 5_000_000;
/// Unpacked bytes of all layers together.
pub const MAX_UNPACKED_BYTES: u64 = 128 << 30;
/// Unpacked for each compressed byte, looked at once [`RATIO_FREE_BYTES`] are out: what a layer of anything
/// but filler does not reach.
pub const MAX_RATIO: u64 = 250;
/// Unpacked bytes of a layer that no ratio is asked of: a small layer of zeros is legitimate.
pub const RATIO_FREE_BYTES: u64 = 1 << 30;
/// zstd window (log2) that a decoder makes room for: 128 MiB, zstd's own default bound.
pub const MAX_ZSTD_WINDOW_LOG: u32 = 27;
/// Files that are remembered because a reader wanted them.
pub const MAX_KEPT_FILES: usize = 200_000;
/// Packages of one image.
pub const MAX_PACKAGES: usize = 300_000;
/// Files that are remembered as an operating-system package's, by a hash each.
pub const MAX_OWNED_FILES: usize = 2_000_000;
/// Times that links on the way to a database may change.
pub const MAX_LINK_CHANGES: usize = 5_000;
/// Gaps that are listed; one more says how many were left out.
pub const MAX_GAPS: usize = 1_000;
/// Bytes of a path in a layer, as Linux has it.
pub const MAX_PATH_BYTES: usize = 4096;
/// Bytes of a package's name or version.
pub const MAX_NAME_BYTES: usize = 512;
/// Links followed for one path.
pub const MAX_LINK_HOPS: usize = 16;
/// Bytes of a tar extension header (pax records, GNU long names); as Go's `archive/tar` bounds them.
pub const MAX_TAR_EXTENSION_BYTES: u64 = 1 << 20;

/// `/var/lib/dpkg/status` and each file of `status.d`.
pub const MAX_DPKG_BYTES: u64 = 64 << 20;
/// `/lib/apk/db/installed`.
pub const MAX_APK_BYTES: u64 = 64 << 20;
/// An rpm database; it is held whole while it is read.
pub const MAX_RPM_BYTES: u64 = 160 << 20;
/// One rpm header inside a database.
pub const MAX_RPM_HEADER_BYTES: usize = 32 << 20;
/// `os-release` and its kin, `/etc/apk/repositories`.
pub const MAX_SMALL_FILE_BYTES: u64 = 256 << 10;
/// A lock file.
pub const MAX_LOCK_BYTES: u64 = 24 << 20;
/// `package.json`.
pub const MAX_MANIFEST_BYTES: u64 = 2 << 20;
/// The headers of Python's `METADATA` and `PKG-INFO`; the description after them is not read.
pub const MAX_METADATA_BYTES: u64 = 256 << 10;
/// A binary that is searched for build information.
pub const MAX_ELF_BYTES: u64 = 4 << 30;
/// Go's module list, or the list of crates, in a binary.
pub const MAX_BUILD_INFO_BYTES: usize = 8 << 20;
/// Unpacked bytes of a Java archive, nested ones with it.
pub const MAX_JAR_BYTES: u64 = 4 << 30;
/// Entries of a Java archive, nested ones with it.
pub const MAX_JAR_ENTRIES: u64 = 1_000_000;
/// Archives inside archives: a war in an ear, jars in it.
pub const MAX_JAR_DEPTH: usize = 4;
/// `pom.properties` and `MANIFEST.MF`.
pub const MAX_JAR_FILE_BYTES: u64 = 1 << 20;

/// The bounds that callers and tests may tighten; [`Limits::default`] has the constants above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub entries: u64,
    pub unpacked_bytes: u64,
    pub ratio: u64,
    pub ratio_free_bytes: u64,
    pub kept_files: usize,
    pub packages: usize,
    pub rpm_bytes: u64,
    pub lock_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: MAX_ENTRIES,
            unpacked_bytes: MAX_UNPACKED_BYTES,
            ratio: MAX_RATIO,
            ratio_free_bytes: RATIO_FREE_BYTES,
            kept_files: MAX_KEPT_FILES,
            packages: MAX_PACKAGES,
            rpm_bytes: MAX_RPM_BYTES,
            lock_bytes: MAX_LOCK_BYTES,
        }
    }
}
