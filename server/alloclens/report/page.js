(() => {
  const pictures = window.alloclensPictures;
  if (pictures === undefined) {
    return;
  }
  const data = JSON.parse(document.getElementById('alloclens-data').textContent);
  const ask = async (path, inverted) => (path.length > 0 ? null : inverted ? data.inverted : data.flame);
  const copy = (text) => void navigator.clipboard.writeText(text);
  const save = (name, url) => {
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
  };
  pictures.flame(document.getElementById('alloclens-flame'), { data: data.flame, ask, copy, save });
  pictures.graph(document.getElementById('alloclens-graph'), { data: data.graph, copy, save });
  pictures.timeline(document.getElementById('alloclens-timeline'), { data: data.timeline });
})();
