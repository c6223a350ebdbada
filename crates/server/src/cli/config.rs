use crate::config::{Config, DEFAULT_TOML};
use crate::hooks::Hooks;
use crate::tls;
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub enum Command {
    /// Says what is wrong, or that nothing is.
    Check,
    /// Prints every setting with its default and what it means.
    Default,
}

pub fn run(file: Option<&Path>, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Check => {
            let config = Config::load(file)?;
            tls::acceptor(&config.https)?;
            Hooks::new(&config.hooks)?;
            match file {
                Some(file) => println!("{} is fine", file.display()),
                None => println!("the defaults and the environment are fine"),
            }
        }
        Command::Default => print!("{DEFAULT_TOML}"),
    }
    Ok(())
}
