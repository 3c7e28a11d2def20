// Draws the API's own description; nothing is asked of any other host.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  tryItOutEnabled: false,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = sessionStorage.getItem('twinward.token')
    if (token !== null) request.headers.Authorization = `Bearer ${token}`
    return request
  },
})
