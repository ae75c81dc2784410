// The connection is gone: the page around says so, and opens anew once the server is back.
document.dispatchEvent(new CustomEvent("visualization-lost"))
