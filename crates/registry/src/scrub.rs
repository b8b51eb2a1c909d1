//! Reading blobs again, slowly, for what only a hash can see: a medium that returns other bytes than were
//! written. A change of a file or object is seen when it is opened; this is for the rest.

use gantry_blobs::{Digest, Error as BlobError};

use crate::{Registry, Result};

/// Bytes read in one round of housekeeping: a tenth of a second of one core, 70 GB a day. At least one blob
/// is read, however large.
const ROUND_BYTES: u64 = 256 * 1000 * 1000;
/// Blobs read in one round: small ones cost their opening.
const ROUND_BLOBS: usize = 500;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blobs that were read.
    pub blobs: usize,
    /// Bytes of those.
    pub bytes: u64,
    /// Blobs whose bytes were wrong; they are put aside and no longer served.
    pub wrong: usize,
}

impl Registry {
    /// Reads the next blobs and compares them with their digests. The first round starts anywhere, so that
    /// a server that is often restarted gets to all of them too.
    pub async fn scrub(&self) -> Result<Scrubbed> {
        let mut at = self.scrubbed.lock().clone().unwrap_or_else(|| {
            let mut anywhere = [0; 32];
            self.entropy.fill(&mut anywhere);
            Some(Digest::sha256(&anywhere))
        });
        let mut done = Scrubbed::default();
        let page = self.blobs.list(at.as_ref(), ROUND_BLOBS).await?;
        let whole = page.len() == ROUND_BLOBS;
        for blob in page {
            match self.blobs.verify(&blob.digest).await {
                Ok(right) => {
                    done.blobs += 1;
                    done.bytes += blob.size;
                    done.wrong += usize::from(!right);
                }
                // Collected meanwhile.
                Err(BlobError::NotFound(_)) => {}
                Err(e) => return Err(e.into()),
            }
            at = Some(blob.digest);
            *self.scrubbed.lock() = Some(at.clone());
            if done.bytes >= ROUND_BYTES {
                return Ok(done);
            }
        }
        if !whole {
            // The end; the next round begins at the beginning.
            *self.scrubbed.lock() = Some(None);
        }
        Ok(done)
    }
}
