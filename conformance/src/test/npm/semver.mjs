// Answers for npm's semver: reads one JSON array a line, and writes one line for each.
//   ["range", RANGE, VERSION...]  "-" where RANGE is not a range, or 1 and 0 for each VERSION
//   ["compare", A, B]             -1, 0 or 1
import { createInterface } from "node:readline";
import semver from "semver";

const answers = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [question, ...words] = JSON.parse(line);
  if (question === "compare") {
    answers.push(semver.compare(...words));
  } else if (semver.validRange(words[0]) === null) {
    answers.push("-");
  } else {
    const range = new semver.Range(words[0]);
    answers.push(words.slice(1).map((version) => (range.test(version) ? 1 : 0)).join(""));
  }
}
process.stdout.write(answers.join("\n") + "\n");
