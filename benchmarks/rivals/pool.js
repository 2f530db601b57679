// nodemailer's pool of five connections, mails in memory.
const fs = require("fs");
const path = require("path");
const nodemailer = require(path.join(process.env.NODE_FOLDER, "node_modules", "nodemailer"));

const mail = JSON.parse(fs.readFileSync(process.env.MAIL_FILE, "utf8"));

async function send(count) {
  const transport = nodemailer.createTransport({
    host: "127.0.0.1", port: Number(process.env.SINK_PORT), pool: true, maxConnections: 5, maxMessages: Infinity,
    secure: false, ignoreTLS: true,
  });
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: count }, () => transport.sendMail(mail)));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  transport.close();
  return count / seconds;
}

(async () => {
  console.log("ready");
  for await (const line of require("readline").createInterface({ input: process.stdin })) {
    console.log(await send(Number(line)));
  }
})();
