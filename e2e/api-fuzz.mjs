// Calls every operation of the API's description with values that fit it and values that do not (schemathesis), as an
// admin and as nobody: no answer may be a failure of the server or another one than the description says.
//
// `make api-fuzz` installs schemathesis and runs this; EXAMPLES (200) calls per operation.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { startWeir } from "./lib/weir.mjs";

const EXAMPLES = process.env.EXAMPLES ?? "200";
const PROGRAM = process.env.SCHEMATHESIS ?? "schemathesis";
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "response_headers_conformance",
].join(",");

const weir = await startWeir({
  settings: {
    "accounts.sign_ins_per_minute": 1_000_000,
    "accounts.sign_ins_burst": 1_000_000,
    "images.uploads_per_minute": 1_000_000,
    "images.uploads_burst": 1_000_000,
    "moderation.reports_per_minute": 1_000_000,
    "moderation.reports_burst": 1_000_000,
  },
});
try {
  const opened = await fetch(`${weir.http}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "fuzzer", password: "correct horse" }),
  });
  const { token } = await opened.json();
  await weir.command("admin", "fuzzer");
  let failures = 0;
  for (const [who, headers] of [["an admin", ["-H", `Authorization: Bearer ${token}`]], ["nobody", []]]) {
    console.log(`\n== as ${who}`);
    // What would end the session the calls are made with is left out.
    const args = [
      "run", `${weir.http}/api/v1/openapi.json`, "--url", weir.http, "--checks", CHECKS, "--max-examples", EXAMPLES,
      "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--seed", "1", "--no-shrink",
      "--suppress-health-check", "all", "--exclude-path", "/api/v1/session", "--exclude-path-regex", "^/api/v1/me/sessions",
      ...headers,
    ];
    const [code] = await once(spawn(PROGRAM, args, { stdio: "inherit", cwd: weir.dir }), "close");
    failures += code === 0 ? 0 : 1;
  }
  process.exitCode = failures;
} finally {
  await weir.stop();
}
