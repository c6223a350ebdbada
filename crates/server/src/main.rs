//! Weir: live and on-demand streaming in one program.
#![allow(
    unreachable_pub,
    reason = "in a program that no crate uses, `pub` says what the other modules may use"
)]

mod admin;
mod api;
mod api_docs;
mod app;
mod auth;
mod cli;
mod compat;
mod config;
mod hooks;
mod host;
mod http;
mod library;
mod metrics;
mod people;
mod pulls;
mod record;
mod tls;
mod traffic;
mod web;
mod worker;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
