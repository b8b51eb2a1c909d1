//! What AWS documents about policies, as tables, and what must hold for any policy, as properties.

mod conditions;
mod documents;
mod elements;
mod properties;
mod several;
mod speed;
mod support;
