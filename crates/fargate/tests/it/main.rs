//! Fargate's plan by tables, and the controller on the in-memory store by histories.

mod controller;
mod histories;
mod plan;
mod support;
