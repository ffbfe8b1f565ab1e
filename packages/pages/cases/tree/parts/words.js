export const capital = (word) => word[0].toUpperCase() + word.slice(1);
