use crate::Codec;

/// What is wrong with a decoder config, a codec header or a coded payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end before the structure does.
    #[error("{what} ends early")]
    Truncated {
        /// The structure, with its section.
        what: &'static str,
    },
    /// A field has a value the specification does not allow, or that this server does not serve.
    #[error("{what} is {value}, expected {expected} ({section})")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What it held.
        value: u64,
        /// What it may hold.
        expected: &'static str,
        /// Where that is said.
        section: &'static str,
    },
    /// Something necessary is not there.
    #[error("{what} is missing ({section})")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Where it is asked for.
        section: &'static str,
    },
    /// More of something than this server takes.
    #[error("{what}: {value} is more than the limit of {max}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// How much there was.
        value: u64,
        /// The limit.
        max: u64,
    },
    /// The codec has no decoder config, so no track can be made of one.
    #[error("{0} has no decoder config")]
    NoConfig(Codec),
}
