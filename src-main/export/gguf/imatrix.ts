/** How much each column of a tensor's rows matters: the mean square of what is multiplied with it. By the tensor's name in the file. */
export type Imatrix = ReadonlyMap<string, Float32Array>;
