// What runs in a sandbox, and whoever has the token of one, reaches nothing of the others and nothing of the machine.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { dataPlane, eventually, sdk, Sandbox } from "./sdk.mjs";

const marker = process.env.MARKER;
const port = new URL(process.env.E2B_SANDBOX_URL).port;

let attacker;
let victim;
let victimProcess;
before(async () => {
  attacker = await Sandbox.create({ timeoutMs: 600_000 });
  victim = await Sandbox.create({ timeoutMs: 600_000, envs: { VICTIM: `${marker}-environment` } });
  await victim.files.write("/home/user/secret.txt", `${marker}-file`);
  await victim.files.write("/tmp/secret.txt", `${marker}-file`);
  victimProcess = await victim.commands.run(`exec -a ${marker}-process sleep 600`, { background: true });
});
after(async () => {
  await attacker?.kill();
  await victim?.kill();
});

/** What a command prints there, whether it fails or not. */
async function outputOf(sandbox, command) {
  try {
    const { stdout, stderr } = await sandbox.commands.run(command, { timeoutMs: 30_000 });
    return stdout + stderr;
  } catch (error) {
    if (!(error instanceof sdk.CommandExitError)) throw error;
    return error.stdout + error.stderr;
  }
}

describe("with the token of another sandbox", () => {
  const headers = { "Content-Type": "application/json" };
  const asVictim = (token, path, options) => dataPlane(victim, path, { ...options, token });
  for (const [whose, token] of [["the attacker's", () => attacker.envdAccessToken], ["none", () => ""], ["the API key", () => process.env.E2B_API_KEY]]) {
    test(`${whose}: no file is read or written`, async () => {
      const read = await asVictim(token(), "/files?path=/tmp/secret.txt");
      assert.equal(read.status, 401);
      assert.ok(!(await read.text()).includes(marker));
      const written = await asVictim(token(), "/files?path=/tmp/secret.txt", { method: "POST", body: "x", headers: { "Content-Type": "application/octet-stream" } });
      assert.equal(written.status, 401);
      assert.equal(await victim.files.read("/tmp/secret.txt"), `${marker}-file`);
    });
    test(`${whose}: no process is listed, started or killed`, async () => {
      for (const path of ["/process.Process/List", "/process.Process/Start", "/process.Process/SendSignal", "/filesystem.Filesystem/ListDir", "/envs", "/metrics"]) {
        const body = JSON.stringify({ process: { pid: victimProcess.pid }, signal: "SIGNAL_SIGKILL", path: "/" });
        const answer = await asVictim(token(), path, path.endsWith("s") && !path.includes(".") ? {} : { method: "POST", body, headers });
        assert.equal(answer.status, 401, path);
      }
      assert.ok((await victim.commands.list()).some((one) => one.pid === victimProcess.pid));
    });
  }
  test("a URL that was signed for one sandbox opens no other", async () => {
    const url = await attacker.downloadUrl("/tmp/secret.txt");
    const answer = await fetch(url, { headers: { "E2b-Sandbox-Id": victim.sandboxId } });
    assert.equal(answer.status, 401);
  });
  test("a token makes and ends no sandbox", async () => {
    for (const [method, path] of [["GET", "/sandboxes"], ["POST", "/sandboxes"], ["DELETE", `/sandboxes/${victim.sandboxId}`]]) {
      const answer = await fetch(`${process.env.E2B_API_URL}${path}`, { method, headers: { "X-API-Key": attacker.envdAccessToken } });
      assert.equal(answer.status, 401);
    }
    assert.equal(await victim.isRunning(), true);
  });
});

describe("from within", () => {
  test("files of another sandbox are nowhere", async () => {
    assert.equal(await outputOf(attacker, `grep -rl ${marker}-fil[e] /home /tmp /var /run /opt /etc /dev/shm 2>/dev/null`), "");
    assert.equal(await attacker.files.exists("/tmp/secret.txt"), false);
  });
  test("processes of another sandbox are nowhere", async () => {
    const seen = await outputOf(attacker, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'");
    assert.ok(!seen.includes(`${marker}-process`) && !seen.includes(`${marker}-environment`), seen);
    assert.equal(await attacker.commands.kill(victimProcess.pid + 1000), false);
  });
  test("no token and no key is anywhere", async () => {
    const secrets = [attacker.envdAccessToken, victim.envdAccessToken, process.env.E2B_API_KEY];
    const seen = await outputOf(attacker, "env; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/maps 2>/dev/null; grep -ra 'e[ab]_' /run /etc /home /tmp /var /dev/shm 2>/dev/null");
    for (const secret of secrets) assert.ok(!seen.includes(secret.slice(3)), secret.slice(0, 6));
  });
  test("the agent's conversation is not to be had", async () => {
    for (const command of ["readlink -v /proc/2/fd/5", "cat /proc/2/environ", "dd if=/proc/2/mem bs=1 count=1", "ls -l /proc/2/root/", "readlink -v /proc/2/exe"]) {
      assert.match(await outputOf(attacker, command), /Permission denied/, command);
    }
  });
  test("the API of the server is out of reach", async () => {
    assert.match(await outputOf(attacker, `exec 3<>/dev/tcp/127.0.0.1/${port}`), /Connection refused|unreachable/);
  });
});

// Each prints ESCAPED when it works. What is marked `outside` has to work on the machine itself, or it proves nothing.
const perl = (code) => `perl -e '${code}'`;
const attempts = [
  { name: "read the host's users", script: "grep -q '^daemon:' /etc/passwd && echo ESCAPED", outside: true },
  { name: "read the host's passwords", script: "cat /etc/shadow >/dev/null && echo ESCAPED" },
  { name: "read this program's folder", script: `ls ${process.cwd()} >/dev/null && echo ESCAPED`, outside: true },
  { name: "read the home of root", script: "ls /root >/dev/null && echo ESCAPED" },
  { name: "see more than the folders that there are", script: `ls / | grep -vxE 'bin|dev|etc|home|lib|lib32|lib64|libx32|opt|proc|run|sbin|tmp|usr|var' >/dev/null && echo ESCAPED`, outside: true },
  { name: "read through the root of process 1", script: "cat /proc/1/root/etc/shadow >/dev/null && echo ESCAPED" },
  { name: "see the host's network", script: "grep -qE 'eth|ens|enp|wlan|veth|docker' /proc/net/dev && echo ESCAPED" },
  { name: "read the kernel's log", script: "dmesg >/dev/null && echo ESCAPED" },
  { name: "read the kernel's memory", script: "test -s /proc/kcore && echo ESCAPED" },
  { name: "see sysfs", script: "ls /sys/class >/dev/null && echo ESCAPED", outside: true },
  { name: "see disks", script: "ls /dev | grep -qE '^(sd|vd|nvme|loop|dm-)' && echo ESCAPED" },
  { name: "write to /usr", script: "touch /usr/escaped && rm /usr/escaped && echo ESCAPED" },
  { name: "write a program of the host", script: ": >> /usr/bin/env && echo ESCAPED" },
  { name: "write the agent", script: ": >> /run/spillway/agent && echo ESCAPED" },
  { name: "write /dev", script: "touch /dev/escaped && rm /dev/escaped && echo ESCAPED" },
  { name: "write kernel settings", script: "ls /proc/sys/kernel/hostname && echo ESCAPED", outside: true },
  { name: "press the magic key", script: "test -f /proc/sysrq-trigger -a -w /proc/sysrq-trigger && echo ESCAPED" },
  { name: "mount", script: "mount -t tmpfs none /mnt && echo ESCAPED" },
  { name: "remount /usr", script: "mount -o remount,rw /usr && echo ESCAPED" },
  { name: "unmount /usr", script: "umount -l /usr && echo ESCAPED" },
  { name: "make a user namespace", script: "unshare --user --map-root-user true && echo ESCAPED" },
  { name: "make a user namespace by clone", script: perl('$p = syscall(56, 0x10000000 | 17, 0, 0, 0, 0); exit 1 if $p < 0; if ($p == 0) { exit 0 } print "ESCAPED\\n"') },
  { name: "enter the namespaces of process 1", script: "nsenter --target 1 --mount true && echo ESCAPED" },
  { name: "change the root", script: "mkdir -p r && chroot r true; test $? = 127 && echo ESCAPED" },
  { name: "make a device", script: "mknod d b 7 0 && echo ESCAPED" },
  { name: "become root", script: perl('$> = 0; $< = 0; print "ESCAPED\\n" if $> == 0') },
  { name: "become root by a program", script: "su -c true </dev/null && echo ESCAPED" },
  { name: "trace the agent", script: perl('print "ESCAPED\\n" if syscall(101, 16, 2, 0, 0) == 0') },
  { name: "trace itself", script: perl('print "ESCAPED\\n" if syscall(101, 0, 0, 0, 0) == 0'), outside: true },
  { name: "read the memory of the agent", script: perl('$b = "x" x 8; $v = pack("QQ", unpack("Q", pack("p", $b)), 8); print "ESCAPED\\n" if syscall(310, 2, $v, 1, pack("QQ", 4194304, 8), 1, 0) > 0') },
  { name: "take a descriptor of the agent", script: perl('$f = syscall(434, 2, 0); print "ESCAPED\\n" if $f >= 0 && syscall(438, $f, 5, 0) >= 0') },
  { name: "load a program into the kernel", script: perl('print "ESCAPED\\n" if syscall(321, 0, pack("L4", 2, 4, 4, 1), 16) >= 0') },
  { name: "use io_uring", script: perl('$p = "\\0" x 120; print "ESCAPED\\n" if syscall(425, 1, $p) >= 0') },
  { name: "use keyrings", script: perl('print "ESCAPED\\n" if syscall(250, 0, -3, 1) >= 0'), outside: true },
  { name: "set the clock", script: "date -s 2001-01-01 && echo ESCAPED" },
  { name: "talk to the kernel over a socket", script: perl('socket(S, 16, 3, 0) and print "ESCAPED\\n"'), outside: true },
  { name: "make a raw socket", script: perl('socket(S, 2, 3, 1) and print "ESCAPED\\n"') },
  { name: "make a socket of a virtual machine", script: perl('socket(S, 40, 1, 0) and print "ESCAPED\\n"') },
  { name: "reach the internet", script: "timeout 5 bash -c 'exec 3<>/dev/tcp/1.1.1.1/53' && echo ESCAPED" },
  { name: "type into a terminal", script: perl('open T, "<", "/dev/tty"; $c = "x"; print "ESCAPED\\n" if ioctl(T, 0x5412, $c)') },
  { name: "signal what is outside", script: perl('for (3000 .. 4000) { print "ESCAPED\\n" if kill(0, $_) }') },
  { name: "raise its limits", script: "ulimit -Hn 1000000 && echo ESCAPED" },
  { name: "hold more memory than it may", groups: true, script: perl('$x = "a" x 900_000_000; print "ESCAPED\\n"'), outside: true },
  { name: "have more processes than it may", groups: true, script: perl('for (1 .. 300) { $p = fork; last if !defined $p; if (!$p) { sleep 5; exit } push @all, $p } print "ESCAPED\\n" if @all == 300; kill 9, @all'), outside: true },
  { name: "fill more disk than it may", script: "head -c 4G /dev/zero > /tmp/full; s=$(stat -c %s /tmp/full); rm /tmp/full; test $s -ge 4000000000 && echo ESCAPED" },
  { name: "fill shared memory", script: "head -c 1G /dev/zero > /dev/shm/full; s=$(stat -c %s /dev/shm/full); rm /dev/shm/full; test $s -ge 100000000 && echo ESCAPED" },
];

describe("attempts", () => {
  for (const { name, script, outside, groups } of attempts) {
    if (groups && process.env.HAS_GROUPS === undefined) continue;
    test(name, async () => {
      const output = await outputOf(attacker, script);
      assert.ok(!output.includes("ESCAPED"), output);
      if (!outside) return;
      const there = spawnSync("/bin/bash", ["-c", script], { encoding: "utf8" });
      assert.ok(there.stdout.includes("ESCAPED"), `the attempt proves nothing: ${there.stdout}${there.stderr}`);
    });
  }
});

describe("through the files of the API", () => {
  test("links lead nowhere but into the sandbox", async () => {
    await attacker.commands.run("ln -s /etc/shadow shadow; ln -s ../../../../../../etc/shadow relative; ln -s /proc/1/root root; ln -s / slash");
    for (const path of ["shadow", "relative", "root/etc/shadow", "slash/etc/shadow", "../../../../etc/shadow", "/proc/self/root/etc/shadow", "//etc/shadow"]) {
      await assert.rejects(attacker.files.read(path), /does not exist|Permission denied/, path);
    }
    assert.match(await attacker.files.read("slash/etc/passwd"), /^root:x:0:0:root:\/root:\/bin\/bash\nuser:/);
  });
  test("writing through a link stays in the sandbox, and what is read-only stays so", async () => {
    await attacker.commands.run("ln -s /usr/bin/env env-link");
    await assert.rejects(attacker.files.write("env-link", "x"), /Read-only file system/);
    await attacker.files.write("slash/tmp/../../../../../tmp/through", "x");
    assert.equal(await attacker.files.read("/tmp/through"), "x");
  });
  test("what is no file is refused, and nobody waits for it", async () => {
    await attacker.commands.run("mkfifo pipe");
    for (const path of ["pipe", "/dev/zero", "/dev/null", "/dev/tty"]) {
      await assert.rejects(attacker.files.read(path), /no regular file|No such device|does not exist/, path);
      await assert.rejects(attacker.files.write(path, "x"), /no regular file|No such device|does not exist|Permission denied/, path);
    }
  });
  test("files of the kernel are not read or written with the server's rights", async () => {
    await assert.rejects(attacker.files.read("/proc/self/status"), /files of the kernel are read by a command/);
    await assert.rejects(attacker.files.write("/proc/self/oom_score_adj", "-1000"), /Permission denied|files of the kernel|not on the sandbox's disk/);
  });
  test("a name is a name", async () => {
    await attacker.files.write("/tmp/$(touch /tmp/executed);`touch /tmp/executed`", "x");
    assert.equal(await attacker.files.exists("/tmp/executed"), false);
  });
});

describe("a sandbox that is broken", () => {
  test("by what fills its disk does not keep another one from writing", async () => {
    const full = outputOf(attacker, "head -c 4G /dev/zero > /tmp/full");
    await victim.files.write("/tmp/meanwhile", "x".repeat(1_000_000));
    await full;
    await assert.rejects(attacker.files.write("/tmp/more", "x".repeat(1_000_000)), sdk.NotEnoughSpaceError);
    await attacker.files.remove("/tmp/full");
  });
  test("by the end of its agent is gone, and no other one", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await assert.rejects(other.commands.run("kill -9 2; sleep 5"));
    await eventually(async () => !(await other.isRunning()), "its end");
    assert.equal(await victim.isRunning(), true);
    assert.equal(await attacker.isRunning(), true);
  });
  test("by an agent that is stopped can still be killed", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await other.commands.run("kill -STOP 2; sleep 60", { background: true });
    assert.equal(await other.kill(), true);
  });
  test("leaves no process behind, however it hides", async () => {
    const other = await Sandbox.create({ timeoutMs: 60_000 });
    await other.commands.run(`(trap '' TERM HUP INT; setsid bash -c 'exec -a ${marker}-hidden sleep 600' </dev/null >/dev/null 2>&1 &)`);
    const hidden = () =>
      readdirSync("/proc").filter((pid) => {
        try {
          return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${marker}-hidden`);
        } catch {
          return false;
        }
      });
    await eventually(() => hidden().length > 0, "its start");
    await other.kill();
    await eventually(() => hidden().length === 0, "its end");
  });
});
