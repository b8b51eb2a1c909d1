//! CloudWatch Logs, asked as through the wire, crashed, and asked by boto3.

mod api;
mod clients;
mod crash;
mod events;
mod paging;
mod world;
