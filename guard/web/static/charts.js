// Draws each `[data-chart]` with uPlot from the JSON beside it; the table below it holds the same figures.
"use strict";
(() => {
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Canvas does not know light-dark(): let the browser resolve it through an element's colour.
  const resolved = (name) => {
    const probe = document.createElement("span");
    probe.hidden = true;
    probe.style.color = colour(name);
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const number = (value) => (value === null || value === undefined ? "-" : value.toLocaleString("en", { maximumFractionDigits: 2 }));

  // `12-24`, or `18:00` between midnights, as the page writes instants elsewhere.
  const two = (value) => String(value).padStart(2, "0");
  const written = (seconds, step) => {
    const at = new Date(seconds * 1000);
    const midnight = at.getHours() === 0 && at.getMinutes() === 0;
    return step >= 86400 || midnight ? `${two(at.getMonth() + 1)}-${two(at.getDate())}` : `${two(at.getHours())}:${two(at.getMinutes())}`;
  };

  // Bands (a wait) lie behind the lines, marks (an instant) are dashed lines from top to bottom.
  const background = (picture) => ({
    hooks: {
      drawClear: [(u) => {
        const { ctx, bbox } = u;
        ctx.save();
        for (const band of picture.bands ?? []) {
          const from = Math.max(u.valToPos(band.from, "x", true), bbox.left);
          const to = Math.min(u.valToPos(band.to, "x", true), bbox.left + bbox.width);
          if (to <= from) continue;
          ctx.fillStyle = resolved(band.colour ?? "--idle-bg");
          ctx.fillRect(from, bbox.top, to - from, bbox.height);
        }
        ctx.restore();
      }],
      draw: [(u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.strokeStyle = resolved("--soft");
        ctx.setLineDash([5, 4]);
        for (const mark of picture.marks ?? []) {
          const x = Math.round(u.valToPos(mark.at, "x", true)) + 0.5;
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      }],
    },
  });

  const options = (picture, place) => {
    const axes = [...new Set(picture.series.map((one) => one.axis ?? "y"))];
    // Each further axis leaves more room above, so that two constant lines do not lie on each other.
    const headroom = (axis) => 1.08 + 0.3 * axes.indexOf(axis);
    const narrow = place.clientWidth < 500; // a phone: one scale on each side, without a name; the legend tells the figures
    const ink = resolved("--soft");
    const rule = { stroke: resolved("--rule"), width: 1 };
    return {
      width: place.clientWidth,
      height: place.clientHeight - 34, // the legend's line
      plugins: [background(picture)],
      cursor: { drag: { x: true, y: false } },
      scales: { x: { time: picture.time !== false }, ...Object.fromEntries(axes.map((axis) => [axis, { range: (_, low, high) => [Math.min(0, low ?? 0), (high ?? 0) > 0 ? high * headroom(axis) : headroom(axis)] }])) },
      axes: [
        { stroke: ink, grid: rule, ticks: rule, values: picture.time === false ? undefined : (_, instants, __, ___, step) => instants.map((at) => written(at, step)) },
        ...axes.map((axis, index) => ({
          scale: axis, side: index % 2 ? 1 : 3, show: !narrow || index < 2, size: narrow ? 50 : 62,
          stroke: ink, grid: index ? { show: false } : rule, ticks: rule,
          label: narrow ? undefined : picture.axes?.[axis] ?? picture.series.filter((one) => (one.axis ?? "y") === axis).map((one) => (one.unit ? `${one.name}, ${one.unit}` : one.name)).filter((text, at, all) => all.indexOf(text) === at).join(", "),
          labelSize: narrow ? 0 : 20,
        })),
      ],
      series: [
        {},
        ...picture.series.map((one, index) => {
          const stroke = resolved(`--series-${(index % 4) + 1}`);
          return {
            label: one.name, scale: one.axis ?? "y", stroke, width: 2, spanGaps: one.kind === "points", points: { show: one.kind === "points" }, dash: one.dashed ? [6, 4] : undefined,
            fill: one.kind === "bars" ? stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.6)") : undefined, // the wait shows through
            paths: one.kind === "bars" ? window.uPlot.paths.bars({ size: [0.85, 60] }) : one.kind === "steps" ? window.uPlot.paths.stepped({ align: 1 }) : undefined,
            value: (_, value) => number(value),
          };
        }),
      ],
    };
  };
  const draw = (figure) => {
    const place = figure.querySelector(".plot");
    const picture = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    drawn.get(figure)?.destroy();
    place.replaceChildren();
    drawn.set(figure, new window.uPlot(options(picture, place), [picture.x, ...picture.series.map((one) => one.values)], place));
  };
  const drawAll = (root) => {
    for (const figure of drawn.keys()) if (!figure.isConnected) drawn.delete(figure);
    for (const figure of root.querySelectorAll("[data-chart]")) if (!drawn.has(figure) || root === document) draw(figure);
  };
  let resizing;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => drawAll(document), 150);
  });
  document.addEventListener("themed", () => drawAll(document));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
  drawAll(document);
})();
