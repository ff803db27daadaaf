// What the official SDK does with a sandbox of E2B, it does with one of spillway sandboxd.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { after, before, describe, test } from "node:test";

import { controlPlane, dataPlane, eventually, isLong, isNewest, madeUp, megabyte, sdk, sha256, sleep, Sandbox } from "./sdk.mjs";

let sandbox;
before(async () => {
  sandbox = await Sandbox.create({ timeoutMs: 600_000, metadata: { suite: "main", "a b": "ü&=+%" }, envs: { FROM_SANDBOX: "yes" } });
});
after(async () => {
  await sandbox?.kill();
});

describe("create", () => {
  test("has an id, and runs", async () => {
    assert.match(sandbox.sandboxId, /^i[a-z0-9]{20}$/);
    assert.equal(await sandbox.isRunning(), true);
  });
  test("from the template that is named", async () => {
    const other = await Sandbox.create("base", { timeoutMs: 60_000 });
    assert.equal((await other.getInfo()).templateId, "base");
    assert.equal(await other.kill(), true);
  });
  test("from a template that brings files of its own", async () => {
    const other = await Sandbox.create("with-files", { timeoutMs: 60_000 });
    assert.equal(await other.files.read("/opt/spillway/hello.txt"), "baked in\n");
    const refused = other.commands.run("echo no > /opt/spillway/hello.txt");
    await assert.rejects(refused, (error) => /Read-only file system/.test(error.stderr));
    await other.kill();
  });
  test("an unknown template is an error", async () => {
    await assert.rejects(Sandbox.create("no-such-template"), /404.*template 'no-such-template' not found/);
  });
  test("a life that is too long is an error", async () => {
    await assert.rejects(Sandbox.create({ timeoutMs: 25 * 3600 * 1000 }), /400.*Timeout cannot be greater than 24 hours/);
  });
  test("a wrong key is an AuthenticationError", async () => {
    await assert.rejects(Sandbox.create({ apiKey: "e2b_00" }), sdk.AuthenticationError);
  });
  test("too many at once is a RateLimitError, and one more when one is gone", async () => {
    const all = [];
    const fill = async () => {
      for (;;) all.push(await Sandbox.create({ timeoutMs: 60_000 }));
    };
    await assert.rejects(fill(), (error) => {
      assert.ok(error instanceof sdk.RateLimitError, String(error));
      assert.match(error.message, /maximum number of concurrent sandboxes \(6\)/);
      return true;
    });
    assert.equal(await all.pop().kill(), true);
    all.push(await Sandbox.create({ timeoutMs: 60_000 }));
    await Promise.all(all.map((one) => one.kill()));
  });
  test("what is no request is refused with the reason", async () => {
    for (const [body, reason] of [
      ["{", "the body is no JSON object"],
      ["{}", "'templateID' is missing"],
      ['{"templateID":"base","timeout":"5"}', "'timeout' has to be a number of seconds"],
      ['{"templateID":"base","metadata":{"a":1}}', "'metadata' has to be an object of texts"],
      ['{"templateID":"base","autoPause":true}', "sandboxes cannot be paused here: leave 'autoPause' out"],
      ['{"templateID":"base","volumeMounts":[{"name":"v","path":"/v"}]}', "'volumeMounts' is not offered here"],
    ]) {
      const answer = await controlPlane("/sandboxes", { method: "POST", body });
      assert.deepEqual([answer.status, await answer.json()], [400, { code: 400, message: reason }]);
    }
  });
  test("without a timeout it lives for 15 s in version 1 and for 300 s in version 2", async () => {
    for (const [path, seconds] of [["/sandboxes", 15], ["/v2/sandboxes", 300]]) {
      const made = await (await controlPlane(path, { method: "POST", body: '{"templateID":"base"}' })).json();
      const info = await Sandbox.getInfo(made.sandboxID);
      assert.equal(Math.round((info.endAt - info.startedAt) / 1000), seconds);
      await Sandbox.kill(made.sandboxID);
    }
  });
});

describe("metadata, list and life", () => {
  test("getInfo tells what it was made with", async () => {
    const info = await sandbox.getInfo();
    assert.equal(info.sandboxId, sandbox.sandboxId);
    assert.deepEqual(info.metadata, { suite: "main", "a b": "ü&=+%" });
    assert.equal(info.state, "running");
    assert.ok(info.endAt > info.startedAt);
    assert.ok(info.cpuCount >= 1 && info.memoryMB >= 16);
  });
  test("it is found by its metadata", async () => {
    const page = await Sandbox.list({ query: { metadata: { suite: "main", "a b": "ü&=+%" } } }).nextItems();
    assert.deepEqual(page.map((one) => one.sandboxId), [sandbox.sandboxId]);
    assert.deepEqual(await Sandbox.list({ query: { metadata: { suite: "other" } } }).nextItems(), []);
  });
  test("only what runs is listed as running", async () => {
    const metadata = { suite: "main" };
    assert.equal((await Sandbox.list({ query: { metadata, state: ["running"] } }).nextItems()).length, 1);
    assert.equal((await Sandbox.list({ query: { metadata, state: ["paused"] } }).nextItems()).length, 0);
  });
  test("a list in pages has each once", async () => {
    const made = [];
    for (let i = 0; i < 3; ++i) made.push(await Sandbox.create({ timeoutMs: 60_000, metadata: { pages: "yes" } }));
    const paginator = Sandbox.list({ limit: 1, query: { metadata: { pages: "yes" } } });
    const found = [];
    while (paginator.hasNext) found.push(...(await paginator.nextItems()).map((one) => one.sandboxId));
    assert.deepEqual(found, made.map((one) => one.sandboxId).reverse());
    await Promise.all(made.map((one) => one.kill()));
  });
  test("connect gives the same sandbox again, with its token", async () => {
    await sandbox.files.write("connected.txt", "here");
    const again = await Sandbox.connect(sandbox.sandboxId);
    assert.equal(await again.files.read("connected.txt"), "here");
  });
  test("connecting to what is gone is a NotFoundError", async () => {
    await assert.rejects(Sandbox.connect("i00000000000000000000"), sdk.NotFoundError);
  });
  test("setTimeout moves its end", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await other.setTimeout(3600_000);
    const left = (await other.getInfo()).endAt - Date.now();
    assert.ok(left > 3590_000 && left < 3610_000, `${left}`);
    await other.kill();
  });
  test("it ends when its time is up", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await other.setTimeout(1000);
    assert.equal(await other.isRunning(), true);
    await eventually(async () => !(await other.isRunning()), "its end");
    await assert.rejects(other.getInfo(), sdk.NotFoundError);
  });
  test("kill says whether there was one", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    assert.equal(await other.kill(), true);
    assert.equal(await other.kill(), false);
    assert.equal(await Sandbox.kill("i00000000000000000000"), false);
    assert.equal(await other.isRunning(), false);
  });
  test("what is asked of a dead sandbox says that it is gone", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await other.kill();
    await assert.rejects(other.commands.run("true"), /not running anymore|not found/);
    await assert.rejects(other.files.read("a"), /sandbox was not found/i);
  });
  test("a command that runs is cut off when the sandbox is killed", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    const command = await other.commands.run("sleep 100", { background: true });
    const ended = assert.rejects(command.wait());
    await other.kill();
    await ended;
  });
  test("metrics", async () => {
    const [metrics] = await sandbox.getMetrics();
    assert.ok(metrics.memUsed > 0 && metrics.memUsed < metrics.memTotal, JSON.stringify(metrics));
    assert.ok(metrics.diskUsed < metrics.diskTotal);
    await sandbox.commands.run("for ((i = 0; i < 200000; ++i)); do :; done");
    assert.ok((await sandbox.getMetrics())[0].cpuUsedPct > 1);
    const inside = await (await dataPlane(sandbox, "/metrics")).json();
    assert.equal(inside.mem_total, metrics.memTotal);
  });
  test("programs see the memory that they may take", async () => {
    const { memoryMB } = await sandbox.getInfo();
    assert.match((await sandbox.commands.run("free -m")).stdout, new RegExp(`Mem: +${memoryMB} `));
  });
  test("what is not offered says so", async () => {
    await assert.rejects(sandbox.pause(), /501/);
    await assert.rejects(sandbox.pty.create({ cols: 80, rows: 24, onData: () => {} }), /terminals are not offered here/);
    await assert.rejects(sandbox.files.watchDir("/tmp", () => {}), /filesystem.Filesystem\/WatchDir is not offered here/);
    const answer = await dataPlane(sandbox, "/process.Process/Update", { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } });
    assert.deepEqual([answer.status, (await answer.json()).code], [501, "unimplemented"]);
  });
});

describe("files", () => {
  test("text", async () => {
    const written = await sandbox.files.write("/tmp/a b.txt", "hello\n");
    assert.deepEqual([written.name, written.path, written.type], ["a b.txt", "/tmp/a b.txt", "file"]);
    assert.equal(await sandbox.files.read("/tmp/a b.txt"), "hello\n");
  });
  test("of 0 bytes", async () => {
    await sandbox.files.write("/tmp/empty", "");
    assert.equal(await sandbox.files.read("/tmp/empty"), "");
    assert.equal((await sandbox.files.getInfo("/tmp/empty")).size, 0);
    await sandbox.files.write("/tmp/empty2", new ArrayBuffer(0), { useOctetStream: true });
    assert.equal((await sandbox.files.read("/tmp/empty2", { format: "bytes" })).length, 0);
  });
  test("every byte", async () => {
    const bytes = Uint8Array.from({ length: 256 * 300 }, (_, at) => at % 256);
    await sandbox.files.write("/tmp/bytes", bytes.buffer);
    assert.equal(sha256(await sandbox.files.read("/tmp/bytes", { format: "bytes" })), sha256(bytes));
    await sandbox.files.write("/tmp/bytes2", new Blob([bytes]), { useOctetStream: true });
    assert.equal(sha256(Buffer.from(await (await sandbox.files.read("/tmp/bytes2", { format: "blob" })).arrayBuffer())), sha256(bytes));
  });
  test("what looks like the boundary of a form", async () => {
    const text = "\r\n--\r\n------formdata-undici-0123\r\nContent-Disposition: form-data\r\n\r\n--";
    await sandbox.files.write("/tmp/boundary", text);
    assert.equal(await sandbox.files.read("/tmp/boundary"), text);
  });
  for (const name of ["größe-数据-🚀.csv", "quotes '\" and \\ back", "a%20b+c&d=e;f#g?h", "-rf", " leading and trailing ", "new\nline"]) {
    test(`named ${JSON.stringify(name)}`, async () => {
      await sandbox.files.write(`/tmp/names/${name}`, name);
      assert.equal(await sandbox.files.read(`/tmp/names/${name}`), name);
      assert.ok((await sandbox.files.list("/tmp/names")).some((entry) => entry.name === name));
      await sandbox.files.remove(`/tmp/names/${name}`);
      assert.equal(await sandbox.files.exists(`/tmp/names/${name}`), false);
    });
  }
  test("in folders that do not exist yet, and from the home", async () => {
    assert.equal((await sandbox.files.write("deep/er/file", "x")).path, "/home/user/deep/er/file");
    assert.equal(await sandbox.files.read("~/deep/er/file"), "x");
    assert.equal(await sandbox.files.read("/home/user/deep/../deep/er/file"), "x");
  });
  test("are replaced, also by a shorter one", async () => {
    await sandbox.files.write("/tmp/replaced", "a long text");
    await sandbox.files.write("/tmp/replaced", "b");
    assert.equal(await sandbox.files.read("/tmp/replaced"), "b");
  });
  test("several at once", async () => {
    const files = [{ path: "/tmp/many/1", data: "one" }, { path: "/tmp/many/leer", data: "" }, { path: "/tmp/many/drei", data: "three" }];
    const written = await sandbox.files.write(files);
    assert.deepEqual(written.map((one) => one.path), files.map((one) => one.path));
    for (const { path, data } of files) assert.equal(await sandbox.files.read(path), data);
  });
  test("compressed on the way", async () => {
    const text = "the same again and again\n".repeat(100_000);
    await sandbox.files.write("/tmp/compressed", text, { gzip: true, useOctetStream: true });
    assert.equal(await sandbox.files.read("/tmp/compressed", { gzip: true }), text);
    assert.equal((await sandbox.files.getInfo("/tmp/compressed")).size, text.length);
  });
  test("compressed in two pieces, damaged, or cut short", async () => {
    const post = async (body) => {
      const headers = { "Content-Type": "application/octet-stream", "Content-Encoding": "gzip" };
      const answer = await dataPlane(sandbox, "/files?path=/tmp/gzip", { method: "POST", body, headers });
      return [answer.status, (await answer.json()).message];
    };
    const whole = gzipSync("x".repeat(1000));
    assert.deepEqual(await post(Buffer.from("no gzip")), [400, "the body is not the gzip that it is said to be"]);
    assert.deepEqual(await post(whole.subarray(0, 20)), [400, "the compressed body ends too early"]);
    assert.deepEqual(await post(Buffer.concat([whole, Buffer.from("rest")])), [400, "something follows the compressed body"]);
  });
  const size = isLong || isNewest ? 1024 * megabyte : 16 * megabyte;
  test(`of ${size} bytes, as streams`, { timeout: 600_000 }, async () => {
    const { stream, sha256: expected } = madeUp(size);
    await sandbox.files.write("/tmp/large", stream, { useOctetStream: true });
    const { stdout } = await sandbox.commands.run("sha256sum < /tmp/large", { timeoutMs: 0 });
    assert.equal(stdout.slice(0, 64), expected);
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256");
    for await (const piece of await sandbox.files.read("/tmp/large", { format: "stream" })) hash.update(piece);
    assert.equal(hash.digest("hex"), expected);
    await sandbox.files.remove("/tmp/large");
  });
  test("in part", async () => {
    await sandbox.files.write("/tmp/part", "0123456789");
    for (const [range, status, text, content] of [
      ["bytes=2-4", 206, "234", "bytes 2-4/10"],
      ["bytes=7-", 206, "789", "bytes 7-9/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
      ["bytes=10-", 416, null, "bytes */10"],
      ["bytes=0-", 200, "0123456789", null],
      ["lines=1-2", 200, "0123456789", null],
    ]) {
      const answer = await dataPlane(sandbox, "/files?path=/tmp/part", { headers: { Range: range } });
      assert.equal(answer.status, status, range);
      assert.equal(answer.headers.get("content-range"), content, range);
      if (text !== null) assert.equal(await answer.text(), text, range);
      else await answer.arrayBuffer();
    }
  });
  test("that are missing are a NotFoundError, with the path", async () => {
    await assert.rejects(sandbox.files.read("/tmp/missing"), (error) => {
      assert.ok(error instanceof sdk.NotFoundError, String(error));
      assert.match(error.message, /path '\/tmp\/missing' does not exist/);
      return true;
    });
  });
  test("that are folders are an InvalidArgumentError", async () => {
    await assert.rejects(sandbox.files.read("/tmp"), /path '\/tmp' is a directory/);
    await assert.rejects(sandbox.files.write("/tmp", "x"), sdk.InvalidArgumentError);
  });
  test("where nothing can be written", async () => {
    await assert.rejects(sandbox.files.write("/usr/x", "x"), /Read-only file system/);
    await sandbox.files.write("/tmp/plain", "x");
    await assert.rejects(sandbox.files.write("/tmp/plain/below", "x"), /Not a directory/);
  });
  test("that do not fit are a NotEnoughSpaceError, and leave the sandbox usable", async () => {
    const other = await Sandbox.create({ timeoutMs: 120_000 });
    const full = other.commands.run("head -c 3G /dev/zero > /tmp/full", { timeoutMs: 0 });
    await assert.rejects(full, (error) => /No space left on device/.test(error.stderr));
    await assert.rejects(other.files.write("/tmp/more", "x".repeat(100_000)), sdk.NotEnoughSpaceError);
    await other.files.remove("/tmp/full");
    await other.files.write("/tmp/more", "x");
    await other.kill();
  });
  test("signed URLs", async () => {
    const upload = await sandbox.uploadUrl("/tmp/signed", { useSignatureExpiration: 60 });
    const form = new FormData();
    form.append("file", new Blob(["by URL"]), "signed");
    assert.equal((await fetch(upload, { method: "POST", body: form, headers: { "E2b-Sandbox-Id": sandbox.sandboxId } })).status, 200);
    const download = await sandbox.downloadUrl("/tmp/signed");
    const read = (url) => fetch(url, { headers: { "E2b-Sandbox-Id": sandbox.sandboxId } });
    assert.equal(await (await read(download)).text(), "by URL");
    assert.equal((await read(download.replace("signed", "other"))).status, 401);
    const expired = await sandbox.downloadUrl("/tmp/signed", { useSignatureExpiration: -10 });
    assert.equal((await read(expired)).status, 401);
  });
});

describe("folders", () => {
  test("list", async () => {
    await sandbox.files.write("/tmp/list/file", "12345");
    await sandbox.files.makeDir("/tmp/list/folder");
    await sandbox.commands.run("ln -s file /tmp/list/link; chmod 640 /tmp/list/file");
    const entries = (await sandbox.files.list("/tmp/list")).sort((a, b) => a.name.localeCompare(b.name));
    assert.deepEqual(entries.map((entry) => entry.name), ["file", "folder", "link"]);
    const [file, folder, link] = entries;
    assert.deepEqual([file.type, file.path, file.size, file.mode, file.owner, file.group], ["file", "/tmp/list/file", 5, 0o640, "user", "user"]);
    assert.match(file.permissions, /rw-r-----$/);
    assert.ok(Math.abs(file.modifiedTime - Date.now()) < 600_000);
    assert.equal(folder.type, "dir");
    assert.equal(link.symlinkTarget, "file");
  });
  test("list to a depth", async () => {
    await sandbox.files.write("/tmp/tree/a/b/c", "x");
    const paths = async (depth) => (await sandbox.files.list("/tmp/tree", { depth })).map((entry) => entry.path).sort();
    assert.deepEqual(await paths(1), ["/tmp/tree/a"]);
    assert.deepEqual(await paths(3), ["/tmp/tree/a", "/tmp/tree/a/b", "/tmp/tree/a/b/c"]);
  });
  test("list what is none", async () => {
    await assert.rejects(sandbox.files.list("/tmp/missing"), sdk.NotFoundError);
    await sandbox.files.write("/tmp/no-folder", "");
    await assert.rejects(sandbox.files.list("/tmp/no-folder"), sdk.InvalidArgumentError);
  });
  test("makeDir says whether it was there", async () => {
    assert.equal(await sandbox.files.makeDir("/tmp/new/folder"), true);
    assert.equal(await sandbox.files.makeDir("/tmp/new/folder"), false);
  });
  test("rename, exists, remove", async () => {
    await sandbox.files.write("/tmp/from", "moved");
    assert.equal((await sandbox.files.rename("/tmp/from", "/tmp/to")).path, "/tmp/to");
    assert.equal(await sandbox.files.exists("/tmp/from"), false);
    assert.equal(await sandbox.files.read("/tmp/to"), "moved");
    await sandbox.files.remove("/tmp/to");
    assert.equal(await sandbox.files.exists("/tmp/to"), false);
    await sandbox.files.remove("/tmp/new");
    assert.equal(await sandbox.files.exists("/tmp/new/folder"), false);
    await assert.rejects(sandbox.files.rename("/tmp/from", "/tmp/to"), sdk.NotFoundError);
  });
});

describe("commands", () => {
  test("in the foreground", async () => {
    const result = await sandbox.commands.run("echo out; echo err >&2");
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ["out\n", "err\n", 0]);
  });
  test("output as it comes, in order", async () => {
    const seen = [];
    await sandbox.commands.run("for i in 1 2 3; do echo $i; sleep 0.1; done", { onStdout: (text) => seen.push(text) });
    assert.deepEqual(seen, ["1\n", "2\n", "3\n"]);
  });
  test("that fail", async () => {
    await assert.rejects(sandbox.commands.run("echo before; exit 7"), (error) => {
      assert.ok(error instanceof sdk.CommandExitError, String(error));
      assert.deepEqual([error.exitCode, error.stdout], [7, "before\n"]);
      return true;
    });
  });
  test("that are missing", async () => {
    await assert.rejects(sandbox.commands.run("no-such-command"), (error) => error.exitCode === 127 && /not found/.test(error.stderr));
  });
  test("that a signal ends", async () => {
    await assert.rejects(sandbox.commands.run("kill -SEGV $$"), (error) => {
      assert.deepEqual([error.exitCode, error.error], [-1, "signal: segmentation fault"]);
      return true;
    });
  });
  test("in the background, with their pid, and killed", async () => {
    const command = await sandbox.commands.run("echo started; sleep 100", { background: true });
    assert.ok(command.pid > 1);
    await eventually(() => command.stdout === "started\n", "its output");
    assert.equal(await command.kill(), true);
    await assert.rejects(command.wait(), (error) => error.exitCode === -1 && error.error === "signal: killed");
    assert.equal(await command.kill(), false);
  });
  test("with input", async () => {
    const command = await sandbox.commands.run("read first; echo \"<$first>\"; cat", { background: true, stdin: true });
    await command.sendStdin("one\n");
    await eventually(() => command.stdout === "<one>\n", "its answer");
    await command.sendStdin("zwei ü\n");
    await sandbox.commands.closeStdin(command.pid);
    assert.equal((await command.wait()).stdout, "<one>\nzwei ü\n");
  });
  test("with 8 MB of input, in order", async () => {
    const command = await sandbox.commands.run("sha256sum", { background: true, stdin: true });
    const all = Buffer.alloc(8 * megabyte);
    for (let at = 0; at < all.length; at += 4) all.writeUInt32LE(at, at);
    for (let at = 0; at < all.length; at += megabyte) await command.sendStdin(all.subarray(at, at + megabyte));
    await command.closeStdin();
    assert.equal((await command.wait()).stdout.slice(0, 64), sha256(all));
  });
  test("without input read nothing", async () => {
    assert.equal((await sandbox.commands.run("cat; echo end")).stdout, "end\n");
  });
  test("input of one that has ended, or takes none", async () => {
    const command = await sandbox.commands.run("true", { background: true, stdin: true });
    await command.wait();
    await assert.rejects(command.sendStdin("x"), sdk.NotFoundError);
    const deaf = await sandbox.commands.run("sleep 100", { background: true, stdin: false });
    await assert.rejects(deaf.sendStdin("x"), /stdin not enabled or closed/);
    await deaf.kill();
  });
  const outputMegabytes = isLong || isNewest ? 100 : 10;
  test(`with ${outputMegabytes} MB of output`, { timeout: 300_000 }, async () => {
    let bytes = 0;
    let isGood = true;
    const onStdout = (text) => {
      bytes += text.length;
      isGood &&= !/[^x]/.test(text);
    };
    await sandbox.commands.run(`head -c ${outputMegabytes}M /dev/zero | tr '\\0' x`, { onStdout, timeoutMs: 0 });
    assert.deepEqual([bytes, isGood], [outputMegabytes * megabyte, true]);
  });
  test("that take too long are a TimeoutError, and are killed", async () => {
    const long = sandbox.commands.run("exec sleep 54321", { timeoutMs: 500 });
    await assert.rejects(long, sdk.TimeoutError);
    await eventually(async () => !(await sandbox.commands.run("ps -eo args")).stdout.includes("sleep 54321"), "its end");
  });
  test("have the environment of the sandbox and their own, and nothing of the host's", async () => {
    const { stdout } = await sandbox.commands.run("env", { envs: { OWN: "ü $x 'q' \"d\"", EMPTY: "" } });
    const names = stdout.split("\n").map((line) => line.split("=")[0]).filter((name) => name !== "").sort();
    const expected = ["E2B_SANDBOX", "E2B_SANDBOX_ID", "E2B_TEMPLATE_ID", "EMPTY", "FROM_SANDBOX", "HOME", "LOGNAME", "OWN", "PATH", "PWD", "SHLVL", "USER", "_"];
    assert.deepEqual(names, expected);
    assert.ok(stdout.includes("OWN=ü $x 'q' \"d\"\n") && stdout.includes("FROM_SANDBOX=yes\n"));
    assert.ok(stdout.includes(`E2B_SANDBOX_ID=${sandbox.sandboxId}\n`));
  });
  test("own variables win over those of the sandbox", async () => {
    assert.equal((await sandbox.commands.run("echo $FROM_SANDBOX", { envs: { FROM_SANDBOX: "no" } })).stdout, "no\n");
  });
  test("as the user of the sandbox", async () => {
    assert.equal((await sandbox.commands.run("whoami; id -u; echo ~", { user: "user" })).stdout, "user\n1000\n/home/user\n");
  });
  test("as another user are refused", async () => {
    for (const user of ["root", "nobody", "no such"]) {
      await assert.rejects(sandbox.commands.run("id", { user }), sdk.AuthenticationError);
    }
    await assert.rejects(sandbox.files.read("/tmp/part", { user: "root" }), sdk.AuthenticationError);
  });
  test("start in the home, or where they are told", async () => {
    assert.equal((await sandbox.commands.run("pwd")).stdout, "/home/user\n");
    assert.equal((await sandbox.commands.run("pwd", { cwd: "/usr/bin" })).stdout, "/usr/bin\n");
    await sandbox.files.makeDir("below home");
    assert.equal((await sandbox.commands.run("pwd", { cwd: "below home" })).stdout, "/home/user/below home\n");
  });
  test("in a folder that does not exist are refused", async () => {
    const run = sandbox.commands.run("pwd", { cwd: "/no/such" });
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof sdk.InvalidArgumentError, String(error));
      assert.match(error.message, /cwd '\/no\/such' does not exist/);
      return true;
    });
  });
  test("list shows those that run", async () => {
    const command = await sandbox.commands.run("sleep 100", { background: true, envs: { LISTED: "1" }, cwd: "/tmp" });
    const [found] = (await sandbox.commands.list()).filter((one) => one.pid === command.pid);
    assert.deepEqual([found.cmd, found.args, found.envs, found.cwd], ["/bin/bash", ["-l", "-c", "sleep 100"], { LISTED: "1" }, "/tmp"]);
    await command.kill();
    await eventually(async () => (await sandbox.commands.list()).every((one) => one.pid !== command.pid), "its end");
  });
  test("connect hears what comes from then on", async () => {
    const command = await sandbox.commands.run("read x; echo $x", { background: true, stdin: true });
    const second = await sandbox.commands.connect(command.pid);
    await sandbox.commands.sendStdin(command.pid, "both\n");
    assert.equal((await second.wait()).stdout, "both\n");
    assert.equal((await command.wait()).stdout, "both\n");
  });
  test("connect to one that has just ended tells how", async () => {
    const command = await sandbox.commands.run("exit 3", { background: true });
    await assert.rejects(command.wait());
    const late = await sandbox.commands.connect(command.pid);
    await assert.rejects(late.wait(), (error) => error.exitCode === 3);
  });
  test("what is not there cannot be connected to or killed", async () => {
    await assert.rejects(sandbox.commands.connect(999_999), sdk.NotFoundError);
    assert.equal(await sandbox.commands.kill(999_999), false);
  });
  test("go on when nobody listens", async () => {
    const command = await sandbox.commands.run("head -c 10M /dev/zero; echo done > /tmp/went-on", { background: true });
    await command.disconnect();
    await eventually(() => sandbox.files.exists("/tmp/went-on"), "its end");
  });
  test("wait for whoever listens slowly, and lose nothing", async () => {
    let bytes = 0;
    const onStdout = async (text) => {
      bytes += text.length;
      if (bytes < megabyte) await sleep(20);
    };
    await sandbox.commands.run("head -c 8M /dev/zero | tr '\\0' y", { onStdout, timeoutMs: 0 });
    assert.equal(bytes, 8 * megabyte);
  });
  test("many at once", async () => {
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => sandbox.commands.run(`sleep 0.2; echo ${i}`)));
    assert.deepEqual(all.map((one) => one.stdout), Array.from({ length: 30 }, (_, i) => `${i}\n`));
  });
  test("of a child that outlives its shell, the output is heard", async () => {
    assert.equal((await sandbox.commands.run("(sleep 0.3; echo late) & echo early")).stdout, "early\nlate\n");
  });
  test("reach a server that runs in the sandbox", async () => {
    const script = `use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:8080", ReuseAddr => 1) or die; my $c = $s->accept; print $c "hello";`;
    const server = await sandbox.commands.run(`perl -e '${script}'`, { background: true });
    const client = "for i in $(seq 100); do exec 3<>/dev/tcp/127.0.0.1/8080 && break; sleep 0.1; done 2>/dev/null; cat <&3";
    assert.equal((await sandbox.commands.run(client)).stdout, "hello");
    await server.wait();
  });
});

describe("the wire", () => {
  const post = (path, body, type = "application/json", headers = {}) =>
    dataPlane(sandbox, path, { method: "POST", body, headers: { "Content-Type": type, ...headers } });
  const enveloped = (message) => {
    const payload = Buffer.from(message);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(payload.length, 1);
    return Buffer.concat([header, payload]);
  };
  const stream = async (method, body, headers = {}) => {
    const answer = await post(`/process.Process/${method}`, body, "application/connect+json", headers);
    assert.equal(answer.headers.get("content-type"), "application/connect+json");
    const bytes = Buffer.from(await answer.arrayBuffer());
    const messages = [];
    for (let at = 0; at < bytes.length; ) {
      const size = bytes.readUInt32BE(at + 1);
      messages.push([bytes[at], JSON.parse(bytes.subarray(at + 5, at + 5 + size))]);
      at += 5 + size;
    }
    return messages;
  };

  test("leaves out what is zero, and ends with its own envelope", async () => {
    const messages = await stream("Start", enveloped('{"process":{"cmd":"printf","args":["ab"]},"stdin":false}'));
    assert.deepEqual(messages.slice(1), [
      [0, { event: { data: { stdout: "YWI=" } } }],
      [0, { event: { end: { exited: true, status: "exit status 0" } } }],
      [2, {}],
    ]);
  });
  test("keeps a quiet stream alive", async () => {
    const messages = await stream("Start", enveloped('{"process":{"cmd":"sleep","args":["2.5"]}}'), { "Keepalive-Ping-Interval": "1" });
    const quiet = messages.filter(([, message]) => message.event?.keepalive !== undefined);
    assert.ok(quiet.length >= 2, JSON.stringify(messages));
  });
  test("a deadline ends the stream without an end of the process", async () => {
    const messages = await stream("Start", enveloped('{"process":{"cmd":"sleep","args":["100"]}}'), { "Connect-Timeout-Ms": "200" });
    assert.deepEqual(messages.slice(1), [[2, { error: { code: "deadline_exceeded", message: "context deadline exceeded" } }]]);
  });
  test("takes names in snake case, numbers as texts, and what it does not know", async () => {
    const answer = await post("/process.Process/SendSignal", '{"process":{"pid":"999999"},"signal":"SIGNAL_SIGTERM","new":1}');
    assert.deepEqual([answer.status, await answer.json()], [404, { code: "not_found", message: "process with pid 999999 not found" }]);
  });
  test("refuses what it cannot read, with the reason", async () => {
    for (const [body, code, message] of [
      [Buffer.from("{}"), "invalid_argument", "the request has no whole envelope"],
      [Buffer.concat([enveloped("{}"), Buffer.from("x")]), "invalid_argument", "the request has to be exactly one envelope"],
      [Buffer.from([1, 0, 0, 0, 2, 0x7b, 0x7d]), "unimplemented", "compressed envelopes are not understood here"],
      [enveloped("[]"), "invalid_argument", "the request is no JSON object"],
      [enveloped("{}"), "invalid_argument", "field 'cmd' is missing"],
      [enveloped('{"process":{"cmd":"a\\u0000b"}}'), "invalid_argument", "field 'cmd' has to be a text without NUL"],
      [enveloped('{"process":{"cmd":"true","args":[1]}}'), "invalid_argument", "field 'args' has to be a text"],
      [enveloped('{"process":{"cmd":"true","envs":{"A=B":""}}}'), "invalid_argument", "field 'envs' has to be an object whose names have neither '=' nor NUL"],
      [enveloped('{"process":{"cmd":"true"},"pty":{}}'), "unimplemented", "terminals are not offered here"],
    ]) {
      assert.deepEqual(await stream("Start", body), [[2, { error: { code, message } }]]);
    }
    for (const [body, message] of [
      ['{"process":{"pid":1},"input":{"stdin":"***"}}', "field 'stdin' has to be bytes in base64"],
      ['{"process":{"pid":-1}}', "field 'pid' has to be a number of 32 bits"],
      ['{"process":[]}', "field 'process' has to be an object"],
    ]) {
      const answer = await post("/process.Process/SendInput", body);
      assert.deepEqual([answer.status, await answer.json()], [400, { code: "invalid_argument", message }]);
    }
  });
  test("refuses other codecs", async () => {
    assert.equal((await post("/process.Process/Start", "", "application/connect+proto")).status, 415);
    assert.equal((await post("/process.Process/List", "", "application/proto")).status, 415);
  });
  test("a request that is too long is refused", async () => {
    const answer = await post("/process.Process/List", "x".repeat(17 * megabyte));
    assert.deepEqual([answer.status, (await answer.json()).message], [413, "a request has at most 16 MB"]);
  });
  test("a port that is not open, and no sandbox at all", async () => {
    const closed = await dataPlane(sandbox, "/health", { headers: { "E2b-Sandbox-Port": "8080" } });
    assert.deepEqual([closed.status, await closed.json()], [502, { sandboxId: sandbox.sandboxId, message: "The sandbox is running but port is not open", code: 502, port: 8080 }]);
    const none = await fetch(`${process.env.E2B_SANDBOX_URL}/files`);
    assert.equal(none.status, 400);
    const unknown = await fetch(`${process.env.E2B_SANDBOX_URL}/health`, { headers: { "E2b-Sandbox-Id": "i00000000000000000000" } });
    assert.deepEqual([unknown.status, await unknown.json()], [502, { sandboxId: "i00000000000000000000", message: "The sandbox was not found", code: 502 }]);
  });
  test("forms that make no sense", async () => {
    const form = async (body, type) => {
      const answer = await post("/files?path=", body, type);
      return [answer.status, (await answer.json()).message];
    };
    assert.deepEqual(await form("x", "text/plain"), [400, "Content-Type 'text/plain' is not understood here"]);
    assert.deepEqual(await form("x", "application/octet-stream"), [400, "the parameter 'path' is missing"]);
    assert.deepEqual(await form("x", "multipart/form-data"), [400, "the form has no boundary, or one that is too short"]);
    const twice = '--bound\r\nContent-Disposition: form-data; name="file"; filename="/tmp/2"\r\n\r\nx\r\n'.repeat(2) + "--bound--\r\n";
    assert.deepEqual(await form(twice, "multipart/form-data; boundary=bound"), [400, "path '/tmp/2' is uploaded twice"]);
    const other = '--bound\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--bound--\r\n';
    assert.deepEqual(await form(other, "multipart/form-data; boundary=bound"), [400, "the form has no file"]);
  });
});
