//! Settings for tests.

use super::Config;

pub(crate) fn config() -> Config {
    Config {
        message_chars_max: 500,
        messages_per_minute_user: 6000,
        messages_burst_user: 6000,
        messages_per_minute_room: 60000,
        messages_burst_room: 6000,
        events_per_minute_socket: 600,
        events_burst_socket: 20,
        refusals_until_cut: 10,
        rooms_per_socket_max: 2,
        history: 50,
        online_shown_max: 3,
        event_bytes_max: 16384,
        packets_waiting_max: 128,
    }
}
