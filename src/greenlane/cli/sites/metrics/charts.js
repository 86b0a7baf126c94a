// Small charts as SVG and the tables that stand beside them. Texts go in as text, never as markup.

function svg(name, attributes = {}, ...inside) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...inside);
  return node;
}

function el(name, attributes = {}, ...inside) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...inside);
  return node;
}

/** A round number at or above the highest value, so that four grid lines have short names. */
function ceiling(highest) {
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].map((n) => n * 10 ** Math.floor(Math.log10(highest / 4))).find((n) => n * 4 >= highest);
  return step * 4;
}

/**
 * Lines over weeks. `lines`: [{key, name, kind}], each named at its end; `marks`: [[index, text]] under the axis.
 * The drawing is as wide as its place, so that letters stay the same size on a phone.
 */
function lineChart(place, weeks, lines, marks, says) {
  const wide = Math.max(280, place.clientWidth);
  const high = wide < 520 ? 220 : 280;
  const left = 34;
  const right = wide < 520 ? 62 : 84;
  const top = 14;
  const bottom = 28;
  const most = ceiling(Math.max(...weeks.flatMap((week) => lines.map((line) => week[line.key]))));
  const x = (index) => left + (index * (wide - left - right)) / (weeks.length - 1);
  const y = (value) => high - bottom - (value * (high - top - bottom)) / most;
  const chart = svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img", "aria-label": says });
  for (let step = 0; step <= 4; step += 1) {
    const value = (most * step) / 4;
    chart.append(
      svg("path", { class: step ? "grid" : "floor", d: `M${left} ${y(value)}H${wide - right}` }),
      svg("text", { class: "tick", x: left - 8, y: y(value) + 4, "text-anchor": "end" }, String(value)),
    );
  }
  for (const [index, text] of marks) {
    chart.append(svg("text", { class: "tick", x: x(index), y: high - 8, "text-anchor": "middle" }, text));
  }
  const ends = lines.map((line) => y(weeks.at(-1)[line.key]));
  lines.forEach((line, nth) => {
    const d = weeks.map((week, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(week[line.key]).toFixed(1)}`).join("");
    const close = lines.length === 2 && Math.abs(ends[0] - ends[1]) < 18;
    const lift = close ? (ends[nth] <= ends[1 - nth] ? -6 : 12) : 4;
    chart.append(
      svg("path", { class: `line ${line.kind}`, d }),
      svg("circle", { class: `end ${line.kind}`, cx: x(weeks.length - 1), cy: ends[nth], r: 4 }),
      svg("text", { class: `label ${line.kind}`, x: x(weeks.length - 1) + 9, y: ends[nth] + lift }, line.name),
    );
  });
  place.replaceChildren(chart);
}

/** Two bars for each topic: solid for now, outlined for before. */
function barChart(place, topics, says) {
  const wide = Math.max(280, place.clientWidth);
  const row = 46;
  const most = Math.max(...topics.flatMap((topic) => [topic.now, topic.before]));
  const width = (value) => (value * (wide - 44)) / most;
  const chart = svg("svg", { viewBox: `0 0 ${wide} ${topics.length * row}`, width: wide, height: topics.length * row, role: "img", "aria-label": says });
  topics.forEach((topic, nth) => {
    const at = nth * row;
    chart.append(
      svg("text", { class: "label", x: 0, y: at + 13 }, topic.topic),
      svg("rect", { class: "bar now", x: 0, y: at + 19, width: width(topic.now), height: 9 }),
      svg("rect", { class: "bar before", x: 0.5, y: at + 30.5, width: width(topic.before), height: 6 }),
      svg("text", { class: "tick", x: width(topic.now) + 6, y: at + 27.5 }, String(topic.now)),
    );
  });
  place.replaceChildren(chart);
}

/** A table with a caption; the first column holds the rows' names, the others numbers. */
function table(place, caption, heads, rows) {
  const cells = rows.map(([name, ...numbers]) =>
    el("tr", {}, el("th", { scope: "row" }, name), ...numbers.map((number) => el("td", {}, String(number)))),
  );
  place.replaceChildren(
    el(
      "table",
      {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...cells),
    ),
  );
}
