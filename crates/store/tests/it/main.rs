//! One suite over every engine, and what only the durable one must survive.

mod durable;
mod engines;
mod full_disk;
mod histories;
mod killed;
mod model;
mod semantics;
mod watches;
