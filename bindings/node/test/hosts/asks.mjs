// A forked process that opens the file of its parent and answers what it is asked.

import * as tenure from "../../lib/index.mjs";

process.on("message", async ({ file, call }) => {
  const access = await tenure.open(file);
  process.send(await access.holds(call));
  await access.close();
  process.disconnect();
});
