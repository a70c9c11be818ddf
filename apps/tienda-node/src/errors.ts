/** Un error que se le puede contar a quien llama a la API: código HTTP, mensaje y detalles. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: readonly string[] = [],
  ) {
    super(message);
    this.name = "ApiError";
  }
}
