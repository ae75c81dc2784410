// The plots stand: the page around need not wonder where they are.
document.dispatchEvent(new CustomEvent("visualization-ready"))
