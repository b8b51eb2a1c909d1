//! One suite over every engine, and what only the durable one must survive.

mod smoke;
