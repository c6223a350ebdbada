// Statements that fill the tables, the same for SQLite and PostgreSQL. User 1 and room 1 are there already: the host
// who measures, and the room with a tenth of all messages and all gifts.

const numbers = (count) => `WITH RECURSIVE n(p) AS (SELECT 1 UNION ALL SELECT p + 1 FROM n WHERE p < ${count})`;
const WORDS = ["音乐", "学习", "美食", "户外", "编程", "旅行", "chess", "cooking"];
const DAY_MS = 86_400_000;

/** Fills with so many of each; `now` in unix ms. */
export function statements({ users, rooms, messages, gifts, now }) {
  const word = `CASE p % 8 ${WORDS.map((one, i) => `WHEN ${i} THEN '${one}'`).join(" ")} END`;
  return [
    `INSERT INTO users (username, password_hash, created_at, updated_at) ${numbers(users)}
      SELECT 'user' || p, '', ${now}, ${now} FROM n`,
    // One of ten is paused, which counts as live, nine have ended; one of twenty is not public; each is its own 20 characters.
    `INSERT INTO rooms (user_id, name, title, category, labels, privacy, status, viewer_count, created_at, updated_at) ${numbers(rooms)}
      SELECT 2 + p % ${users}, 'r' || (10000000 + p) || 'abcdefghijk', '直播间 ' || p || ' ' || ${word}, ${word}, '["游戏"]',
        CASE WHEN p % 20 = 0 THEN 'unlisted' ELSE 'public' END, CASE WHEN p % 10 = 0 THEN 2 ELSE 3 END,
        CASE WHEN p % 10 = 0 THEN p % 977 ELSE 0 END, ${now}, ${now} FROM n`,
    `INSERT INTO room_grams (room_id, gram) WITH RECURSIVE n(p) AS (SELECT 1 UNION ALL SELECT p + 1 FROM n WHERE p < 60),
      t AS (SELECT r.id AS id, lower(r.title || ' ' || u.username || ' 游戏') AS text FROM rooms r JOIN users u ON u.id = r.user_id WHERE r.id > 1),
      g AS (SELECT id, substr(text, p, 1) AS gram FROM t JOIN n ON p <= length(text)
        UNION SELECT id, substr(text, p, 2) FROM t JOIN n ON p < length(text))
      SELECT id, gram FROM g WHERE gram NOT LIKE '% %'`,
    `INSERT INTO comments (room_id, user_id, content, colour, mode, created_at) ${numbers(messages)}
      SELECT CASE WHEN p % 10 = 0 THEN 1 ELSE 2 + (p / 90) % ${rooms} END, 2 + p % ${users},
        'message number ' || p || ' 大家好', '#ffffff', 'scroll', ${now - 30 * DAY_MS} + p / 4 FROM n`,
    `INSERT INTO gifts (name, coin) VALUES ('rose', 1)`,
    `INSERT INTO transfers (kind, reference, created_at) ${numbers(gifts)} SELECT 'gift', 'rose', ${now} FROM n`,
    `INSERT INTO gift_events (room_id, user_id, gift_id, num, combo, coin, transfer_id, created_at)
      SELECT 1, 2 + (id * 7919) % ${users}, 1, 1, 1, 1 + id % 50, id, ${now - 5 * DAY_MS} + id * ${Math.floor((5 * DAY_MS) / gifts)}
      FROM transfers WHERE kind = 'gift' ORDER BY id`,
    `INSERT INTO notifications (user_id, kind, room_id, created_at) ${numbers(500)} SELECT 1, 'went_live', 1 + p, ${now} FROM n`,
    `INSERT INTO notifications (user_id, kind, room_id, created_at) ${numbers(users)} SELECT 2 + p % ${users}, 'went_live', 1 + p % ${rooms}, ${now} FROM n`,
    `INSERT INTO follows (follower_id, user_id, created_at) ${numbers(500)} SELECT 1, 1 + p * 7, ${now} FROM n`,
    `INSERT INTO room_visits (room_id, user_id, first_at, last_at) ${numbers(5000)} SELECT 1 + p, 1, ${now}, ${now} + p FROM n`,
  ];
}
