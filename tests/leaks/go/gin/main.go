// Gin is a web service whose middleware wraps the rest of the chain by otelhttp.NewHandler, anew for every request. In
// November 2022's versions each call registers three instruments with OpenTelemetry's global meter, which keeps them for
// the day a meter provider is set.
package main

import (
	"log"
	"net/http"
	"net/http/httptest"

	"example.com/leaks/background"
	"example.com/leaks/rounds"
	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

func main() {
	shop := router()
	service := background.New()
	rounds.Run(func(l *rounds.Load) {
		service.Serve(l)
		for range l.Requests(2000) {
			get(shop, "/products")
		}
	})
}

func router() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery(), traced)
	router.GET("/products", products)
	return router
}

func traced(c *gin.Context) {
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.Request = r
		c.Next()
	})
	handler := otelhttp.NewHandler(next, c.FullPath()) // alloclens: leak otelhttp
	handler.ServeHTTP(c.Writer, c.Request)
}

func products(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"products": []string{"tea", "coffee"}}) // alloclens: honest answer
}

func get(handler http.Handler, path string) {
	request, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		log.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		log.Fatal("no answer: ", answer.Code)
	}
}
