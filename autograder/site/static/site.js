// what Sphinx's French catalogue leaves in English
if (document.documentElement.lang === "fr" && typeof Documentation !== "undefined") {
  Documentation.addTranslations({
    locale: "fr",
    plural_expr: "n>1 ? 1 : 0",
    messages: {
      "Search finished, found one page matching the search query.": [
        "Recherche terminée : une page trouvée.",
        "Recherche terminée : ${resultCount} pages trouvées.",
      ],
    },
  });
}

// the passage around the words looked for, with or without their accents
if (typeof Search !== "undefined") {
  Search.makeSearchSummary = (page, words) => {
    const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
    article.querySelectorAll("h1, script, style, .headerlink, .handout, .card-links").forEach((e) => e.remove());
    const pieces = [];
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) pieces.push(walker.currentNode.nodeValue);
    const text = pieces.join(" ").replace(/[ \t\n]+/g, " ").trim();
    const folded = [...text].map((letter) => window.foldAccents(letter)[0] || letter).join("");
    const places = [...words].map((word) => folded.indexOf(word)).filter((place) => place >= 0);
    const first = Math.min(...(places.length ? places : [0]));
    const start = first > 100 ? text.indexOf(" ", first - 100) + 1 : 0;
    const end = text.lastIndexOf(" ", start + 240);
    const summary = document.createElement("p");
    summary.classList.add("context");
    summary.textContent =
      (start ? "… " : "") + text.slice(start, end).trim() + (end < text.length ? " …" : "");
    return summary;
  };
}
