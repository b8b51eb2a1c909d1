//! Signatures against an outside signer, AWS's published example, and tables of refusals.

mod oracle;
mod refusals;
mod support;
mod vectors;
