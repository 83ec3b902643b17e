// Pictures laid on a page: taken down to mean colours of cells, compared with kept ones, put together in sheets.
window.desk = (() => {
  const pictures = new Map();

  const drawn = async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context;
  };

  const png = async ({ canvas }) => {
    const blob = await canvas.convertToBlob();
    const reader = new FileReader();
    const read = new Promise((resolve) => reader.addEventListener("load", resolve));
    reader.readAsDataURL(blob);
    await read;
    return reader.result.split(",")[1];
  };

  // Colours in steps of eight, which makes small files and lies below any tolerance.
  const shrink = ({ width, height, data }, cell) => {
    const [across, down] = [Math.ceil(width / cell), Math.ceil(height / cell)];
    const sums = new Float64Array(across * down * 4);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [from, to] = [4 * (y * width + x), 4 * (Math.floor(y / cell) * across + Math.floor(x / cell))];
        for (const channel of [0, 1, 2]) sums[to + channel] += data[from + channel];
        sums[to + 3]++;
      }
    }
    const small = new ImageData(across, down);
    sums.forEach((sum, at) => {
      const mean = sum / sums[at - (at % 4) + 3];
      small.data[at] = at % 4 === 3 ? 255 : Math.min(255, 8 * Math.round(mean / 8));
    });
    return small;
  };

  const all = (context) => context.getImageData(0, 0, context.canvas.width, context.canvas.height);

  return {
    async lay(name, base64, cell) {
      const context = await drawn(base64);
      pictures.set(name, { context, cell, small: shrink(all(context), cell) });
    },
    // Cells that differ by more than the tolerance, as [column, row].
    async compare(name, sheet, [left, top], tolerance) {
      const { small } = pictures.get(name);
      const kept = (await drawn(sheet)).getImageData(left, top, small.width, small.height).data;
      const off = [];
      for (let at = 0; at < kept.length; at += 4) {
        const by = Math.max(...[0, 1, 2].map((channel) => Math.abs(kept[at + channel] - small.data[at + channel])));
        if (by > tolerance) off.push([(at / 4) % small.width, Math.floor(at / 4 / small.width)]);
      }
      return off;
    },
    async marked(name, cells) {
      const { context, cell } = pictures.get(name);
      context.strokeStyle = "magenta";
      for (const [x, y] of cells) context.strokeRect(x * cell + 0.5, y * cell + 0.5, cell - 1, cell - 1);
      return png(context);
    },
    cells: (name) => pictures.get(name).small.data.join(),
    async sheet([width, height], places) {
      const context = new OffscreenCanvas(width, height).getContext("2d");
      for (const [name, left, top] of places) context.putImageData(pictures.get(name).small, left, top);
      return png(context);
    },
  };
})();
