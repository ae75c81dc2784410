// Tells the server that a picture was drawn. A page in the background draws nothing, and so is sent nothing.
requestAnimationFrame(() => { screen.seen = screen.frame })
