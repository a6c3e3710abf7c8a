/** Words that other programs have for what stands in a configuration. */
#ifndef GY_BASE_FOREIGN_H
#define GY_BASE_FOREIGN_H

/**
 * What a word of PyTorch's, Keras's or common use is here: "learning_rate" for "lr". Case and
 * underscores do not count. Local. @return NULL: the word is not known
 */
const char *gy_foreign_word(const char *word);

#endif
