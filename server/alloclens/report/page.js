(() => {
  const pictures = window.alloclensPictures;
  if (pictures === undefined) {
    return;
  }
  const data = JSON.parse(document.getElementById('alloclens-data').textContent);
  const ask = async (path, inverted) => (path.length > 0 ? null : inverted ? data.inverted : data.flame);
  pictures.flame(document.getElementById('alloclens-flame'), { data: data.flame, ask });
  pictures.timeline(document.getElementById('alloclens-timeline'), { data: data.timeline });
})();
