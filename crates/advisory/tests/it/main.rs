//! Orders against tables, properties and dpkg itself; readers against small files written for it.

mod order;
mod sources;
