//! The codes of `onStatus` (RTMP 1.0 §7.2.2, and what servers have added).

/// `connect` was accepted.
pub const CONNECT_SUCCESS: &str = "NetConnection.Connect.Success";
/// The connection is about to close.
pub const CONNECT_CLOSED: &str = "NetConnection.Connect.Closed";
/// A command that cannot be carried out.
pub const CALL_FAILED: &str = "NetConnection.Call.Failed";
/// `publish` was accepted.
pub const PUBLISH_START: &str = "NetStream.Publish.Start";
/// Somebody else publishes under the name.
pub const PUBLISH_BAD_NAME: &str = "NetStream.Publish.BadName";
/// The publisher's credential is missing or wrong; spelled as Node-Media-Server does.
pub const PUBLISH_UNAUTHORIZED: &str = "NetStream.publish.Unauthorized";
/// The publish is over.
pub const UNPUBLISH_SUCCESS: &str = "NetStream.Unpublish.Success";
/// `play` forgets what was played before.
pub const PLAY_RESET: &str = "NetStream.Play.Reset";
/// `play` was accepted.
pub const PLAY_START: &str = "NetStream.Play.Start";
/// There will be no more media.
pub const PLAY_STOP: &str = "NetStream.Play.Stop";
/// What was played has come to its end.
pub const PLAY_COMPLETE: &str = "NetStream.Play.Complete";
/// `play` cannot be carried out.
pub const PLAY_FAILED: &str = "NetStream.Play.Failed";
/// There is no stream of this name.
pub const PLAY_STREAM_NOT_FOUND: &str = "NetStream.Play.StreamNotFound";
/// The viewer's credential is missing or wrong; spelled as Node-Media-Server does.
pub const PLAY_UNAUTHORIZED: &str = "NetStream.play.Unauthorized";
/// The stream's publisher has ended it.
pub const PLAY_UNPUBLISH_NOTIFY: &str = "NetStream.Play.UnpublishNotify";
/// The player will get nothing until it goes on.
pub const PAUSE_NOTIFY: &str = "NetStream.Pause.Notify";
/// The player goes on.
pub const UNPAUSE_NOTIFY: &str = "NetStream.Unpause.Notify";
/// A live stream has no other time than now.
pub const SEEK_FAILED: &str = "NetStream.Seek.Failed";
