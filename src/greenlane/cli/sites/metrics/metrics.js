// Reads data.json, says in a headline what it shows, and draws.
const at = (id) => document.querySelector(`#${id}`);
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short", timeZone: "UTC" });

const share = (from, to) => Math.round((100 * (from - to)) / from);

function show({ counted, weeks, topics }) {
  const last = weeks.at(-1);
  const worst = weeks.reduce((most, week) => (week.hours > most.hours ? week : most));
  const fallen = topics.reduce((most, topic) => (topic.before - topic.now > most.before - most.now ? topic : most));
  const busiest = weeks.reduce((most, week) => (week.opened > most.opened ? week : most));

  at("dateline").textContent = `Counted on ${day.format(new Date(counted))}, at six in the morning.`;
  at("flow-says").textContent = `${last.opened} questions last week, and ${busiest.opened} in the worst week of summer`;
  at("reply-says").textContent = `A first answer takes ${last.hours} hours, down from ${worst.hours}`;
  at("topics-says").textContent = `“${fallen.topic}” is asked ${share(fallen.before, fallen.now)} percent less`;

  const flow = [
    { key: "opened", name: "opened", kind: "first" },
    { key: "closed", name: "closed", kind: "second" },
  ];
  const hours = [{ key: "hours", name: "hours", kind: "first" }];
  const marks = weeks
    .map((week, index) => [index, month.format(new Date(week.week))])
    .filter(([index, name], nth, all) => nth > 0 && name !== all[nth - 1][1]);

  const draw = () => {
    lineChart(at("flow"), weeks, flow, marks, at("flow-says").textContent);
    lineChart(at("reply"), weeks, hours, marks, at("reply-says").textContent);
    barChart(at("topics"), topics, at("topics-says").textContent);
  };
  draw();
  new ResizeObserver(draw).observe(document.querySelector("main"));

  const named = weeks.map((week) => [shortDay.format(new Date(week.week)), week]).reverse();
  table(at("flow-table"), "Questions by week, the latest first", ["Week of", "Opened", "Closed"], named.map(([name, week]) => [name, week.opened, week.closed]));
  table(at("reply-table"), "Median hours to a first answer, the latest week first", ["Week of", "Hours"], named.map(([name, week]) => [name, week.hours.toFixed(1)]));
  table(at("topics-table"), "Questions by topic, in four weeks each", ["Topic", "Now", "July"], topics.map((topic) => [topic.topic, topic.now, topic.before]));
}

fetch("data.json")
  .then((answer) => answer.json())
  .then(show)
  .catch(() => {
    at("dateline").textContent = "The numbers cannot be read at the moment. Load the page again in a minute.";
  });
