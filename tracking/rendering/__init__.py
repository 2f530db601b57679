"""Templates and values become the words of one mail. Values are plain data; nothing here queries or sends."""
