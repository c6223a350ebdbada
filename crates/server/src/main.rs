//! Weir: live and on-demand streaming in one program.

mod api;
mod app;
mod auth;
mod cli;
mod compat;
mod config;
mod http;
mod tls;
mod web;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
