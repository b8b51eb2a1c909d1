//! The protocols byte by byte, and the frontend's door, over small models of the tests' own.

mod exact;
mod frontend;
mod model;
mod rest;
