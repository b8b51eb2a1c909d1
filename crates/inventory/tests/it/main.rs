//! The inventory of images made up here, layer by layer.

mod collect;
mod layers;
